import type { Result } from "../api/client";
import { number } from "../lib/format";
import { visible } from "../ui/Text";
import { label, tableOf } from "./table";
import type { Drill } from "./View";

/** WordCloud writes values the larger the more often they are, in the order of the alphabet. */
export function WordCloud({ result, zone, drill }: { result: Result; zone: string; drill?: Drill }) {
  const t = tableOf(result);
  const words = t.rows
    .map((r) => ({ raw: r[t.dimAt[0]!], text: t.dims.map((d, i) => label(r[t.dimAt[i]!], d, zone)).join(" · "), n: Number(r[t.measureAt[0]!] ?? 0) }))
    .sort((a, b) => b.n - a.n)
    .slice(0, 150);
  const most = words[0]?.n ?? 1,
    least = words.at(-1)?.n ?? 0;
  const scale = (n: number) => Math.sqrt((n - least) / Math.max(1, most - least));
  const c = t.dims[0];
  return (
    <ul className="words">
      {words
        .map((w, rank) => ({ ...w, rank }))
        .sort((a, b) => a.text.localeCompare(b.text))
        .map((w) => (
          <li key={w.rank}>
            <button type="button" style={{ fontSize: `min(${1 + scale(w.n) * 2.4}rem, 7vw)` }} title={`${w.text}: ${number(w.n)}`} onClick={() => c?.internal && drill?.([{ field: c.original ?? c.name, value: w.raw }])}>
              {visible(w.text)}
            </button>
          </li>
        ))}
    </ul>
  );
}
