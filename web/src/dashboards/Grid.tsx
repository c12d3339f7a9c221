import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";
import { textScale } from "../lib/scale";
import { Button } from "../ui/controls";
import type { Scope } from "./DashboardView";
import { COLUMNS, grown, place, settle, text, type Tile } from "./model";
import { TileView } from "./TileView";

const rowHeight = () => 52 * textScale() + 10; // pixels of a row of the grid, gap included

type Props = { tiles: Tile[]; scope: Scope; onChange?: (tiles: Tile[]) => void };

/** Grid lays tiles out in twelve columns, as the file says. With onChange they can be moved and resized. */
export function Grid({ tiles: given, scope, onChange }: Props) {
  const tiles = onChange ? given : grown(given);
  const box = useRef<HTMLDivElement>(null);
  const [held, setHeld] = useState<number>();
  const change = (i: number, patch: Parameters<typeof place>[1]) => {
    const moved = place(tiles[i]!, patch);
    onChange?.(settle(tiles.map((t, j) => (j === i ? moved : t)), moved));
  };
  const drag = (i: number, size: boolean) => (e: PointerEvent<HTMLElement>) => {
    if (!onChange || e.button !== 0) return;
    e.preventDefault();
    const t = tiles[i]!;
    const column = (box.current?.clientWidth ?? 1200) / COLUMNS;
    const target = e.currentTarget;
    target.setPointerCapture(e.pointerId);
    setHeld(i);
    let last = "";
    const move = (m: globalThis.PointerEvent) => {
      const dx = Math.round((m.clientX - e.clientX) / column),
        dy = Math.round((m.clientY - e.clientY) / rowHeight());
      if (last === `${dx},${dy}`) return;
      last = `${dx},${dy}`;
      // From where the drag began, so that what was pushed away comes back.
      const moved = place(t, size ? { width: t.width + dx, height: t.height + dy } : { column: t.column + dx, row: t.row + dy });
      onChange(settle(tiles.map((x, j) => (j === i ? moved : x)), moved));
    };
    const up = () => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", up);
      setHeld(undefined);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", up);
  };
  const keys = (i: number) => (e: KeyboardEvent) => {
    const t = tiles[i]!;
    const by: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = by[e.key];
    if (!step) return;
    e.preventDefault();
    change(i, e.shiftKey ? { width: t.width + step[0], height: t.height + step[1] } : { column: t.column + step[0], row: t.row + step[1] });
  };
  return (
    <div className="board-grid" ref={box}>
      {tiles.map((t, i) => (
        <section
          key={t.savedSearchId + t.displayName + i}
          className={"tile" + (held === i ? " held" : "")}
          style={{ gridColumn: `${t.column + 1} / span ${t.width}`, gridRow: `${t.row + 1} / span ${t.height}`, "--rows": t.height } as React.CSSProperties}
          aria-label={text(t.displayName, t.nls, scope.board.nls)}
        >
          {onChange && (
            <div className="tile-edit">
              <button type="button" className="tile-grip" onPointerDown={drag(i, false)} onKeyDown={keys(i)} aria-label={`Move ${text(t.displayName, t.nls)}: column ${t.column + 1}, row ${t.row + 1}, ${t.width} wide, ${t.height} high`}>
                {text(t.displayName, t.nls, scope.board.nls) || "Tile"}
              </button>
              <Button kind="quiet" small icon="trash" label={`Remove ${text(t.displayName, t.nls)}`} onClick={() => onChange(tiles.filter((_, j) => j !== i))} />
            </div>
          )}
          <TileView tile={t} scope={scope} editing={onChange !== undefined} />
          {onChange && <span className="tile-size" onPointerDown={drag(i, true)} aria-hidden="true" />}
        </section>
      ))}
    </div>
  );
}
