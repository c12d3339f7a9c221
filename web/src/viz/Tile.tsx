import type { Result } from "../api/client";
import { number } from "../lib/format";
import { Empty } from "../ui/controls";
import { Sparkline } from "./Sparkline";
import { label, measureText, tableOf } from "./table";

/** Tile shows single numbers in large type, of a series its total with its course. */
export function Tile({ result, zone, small }: { result: Result; zone: string; small?: boolean }) {
  const tiles: { name: string; value: number; text: string; trend?: number[] }[] = [];
  if (result.series) {
    const s = result.series;
    s.values.forEach((v, j) => {
      const trend = s.buckets.map((_, i) => s.lines.reduce((n, l) => n + Number(l.points[j]?.[i] ?? 0), 0));
      const total = trend.reduce((a, b) => a + b, 0);
      tiles.push({ name: v.name, value: total, text: measureText(total, v), trend });
    });
  } else {
    const t = tableOf(result);
    for (const row of t.rows.slice(0, 12)) {
      const of = t.dimAt.map((i, j) => label(row[i], t.dims[j], zone)).join(" · ");
      t.measures.forEach((m, j) => {
        const v = row[t.measureAt[j]!];
        if (typeof v === "number") tiles.push({ name: of === "" ? m.name : of, value: v, text: measureText(v, m) });
      });
    }
    const text = t.rows[0]?.[t.dimAt[0] ?? -1] ?? "";
    if (tiles.length === 0 && text !== "") tiles.push({ name: t.dims[0]?.name ?? "", value: t.rows.length, text: label(text, t.dims[0], zone) });
  }
  if (tiles.length === 0) return <Empty title="No data">Nothing in this time range.</Empty>;
  return (
    <div className={"tiles" + (small ? " small" : "")}>
      {tiles.map((t, i) => (
        <div key={i} className="bigtile">
          <div className="big" title={number(t.value)} data-value={t.value}>{t.text}</div>
          <div className="muted ellipsis">{t.name}</div>
          {t.trend && <Sparkline values={t.trend} width="100%" height={small ? 22 : 40} label={`Course of ${t.name}`} />}
        </div>
      ))}
    </div>
  );
}
