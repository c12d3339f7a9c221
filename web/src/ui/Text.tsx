import { memo, useState, type ReactNode } from "react";
import { number } from "../lib/format";
import { cut, pieces } from "../lib/hostile";

/** Text shows a stranger's text: what cannot be seen is named, and more than limit characters wait for a click. */
export const Text = memo(function Text({ value, limit = 2000 }: { value: string; limit?: number }) {
  const [all, setAll] = useState(false);
  const shown = all ? value : cut(value, limit);
  return (
    <>
      {visible(shown)}
      {shown.length < value.length && (
        <>
          {"… "}
          <button type="button" className="link" onClick={(e) => (e.stopPropagation(), setAll(true))}>
            show all {number(value.length)} characters
          </button>
        </>
      )}
    </>
  );
});

/** visible renders a text of any length. */
export function visible(text: string): ReactNode {
  const list = pieces(text);
  if (list.length === 1 && !list[0]!.hidden) return text;
  return list.map((p, i) =>
    p.hidden ? (
      <span key={i} className="hostile" title="a character that cannot be seen">
        {p.text}
      </span>
    ) : (
      <bdi key={i}>{p.text}</bdi>
    ),
  );
}
