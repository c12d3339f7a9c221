// A spreadsheet takes a cell that begins with one of these for a formula, whoever wrote it.
const formula = /^[=+\-@\t\r]/;
const number = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** guarded writes an apostrophe before a cell of a CSV file that a spreadsheet would run. Numbers stay as they are. */
export function guarded(cell: string): string {
  const quoted = cell.startsWith('"');
  const text = quoted ? cell.slice(1, -1) : cell;
  if (!formula.test(text) || number.test(text)) return cell;
  return quoted ? `"'${text}"` : "'" + text;
}

/** sheetSafe makes what guards the cells of a CSV file that comes in pieces: it returns as many whole cells as it has; an empty piece ends the file. */
export function sheetSafe(): (piece: string) => string {
  let rest = "";
  return (piece) => {
    const text = rest + piece;
    const cells = /("(?:[^"]|"")*"|[^",\r\n][^,\r\n]*|)(,|\r?\n)/y;
    let out = "",
      at = 0;
    for (let m = cells.exec(text); m; m = cells.exec(text)) {
      out += guarded(m[1]!) + m[2]!;
      at = cells.lastIndex;
    }
    rest = text.slice(at);
    if (piece !== "") return out;
    const last = rest;
    rest = "";
    return out + (last === "" ? "" : guarded(last));
  };
}
