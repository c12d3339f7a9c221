const QUOTE = 34,
  LINE_END = 10;

/** rowsOf counts the rows of an exported file that comes in pieces, and returns how many there are so far. */
export function rowsOf(format: "csv" | "json"): (piece: Uint8Array) => number {
  let lines = 0,
    quoted = false;
  return (piece) => {
    for (const b of piece) {
      if (b === LINE_END && !quoted) lines++;
      // A doubled quote within a cell ends it and begins it again.
      else if (b === QUOTE && format === "csv") quoted = !quoted;
    }
    // One line has the names of columns, or the bracket that ends the rows.
    return Math.max(0, lines - 1);
  };
}
