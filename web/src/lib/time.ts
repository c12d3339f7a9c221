// Time ranges of pages: relative to now, or absolute. In addresses they are last=24h, or from and to in RFC 3339.

export type Range = { last: string } | { from: string; to: string };
export type Window = { from: number; to: number }; // epoch milliseconds, half-open

const unit: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

/** parseLast reads a length of time such as 15m or 7d, in milliseconds; NaN for anything else. */
export function parseLast(text: string): number {
  const m = /^(\d{1,6})([smhdw])$/.exec(text.trim());
  return m ? Number(m[1]) * unit[m[2]!]! : NaN;
}

export const QUICK: { last: string; label: string }[] = [
  { last: "15m", label: "Last 15 minutes" },
  { last: "1h", label: "Last hour" },
  { last: "6h", label: "Last 6 hours" },
  { last: "24h", label: "Last 24 hours" },
  { last: "3d", label: "Last 3 days" },
  { last: "7d", label: "Last 7 days" },
  { last: "14d", label: "Last 14 days" },
  { last: "30d", label: "Last 30 days" },
  { last: "90d", label: "Last 90 days" },
  { last: "365d", label: "Last year" },
];

/** readRange takes a range from the parameters of an address. */
export function readRange(p: URLSearchParams, normal: Range = { last: "24h" }): Range {
  const from = p.get("from"),
    to = p.get("to"),
    last = p.get("last");
  if (from && to && Date.parse(from) < Date.parse(to)) return { from, to };
  if (last && !Number.isNaN(parseLast(last))) return { last };
  return normal;
}

/** rangeParams are the parameters that readRange reads. */
export function rangeParams(r: Range): Record<string, string | undefined> {
  return "last" in r ? { last: r.last, from: undefined, to: undefined } : { from: r.from, to: r.to, last: undefined };
}

/** resolve fixes a range at an instant. */
export function resolve(r: Range, now: number): Window {
  if ("last" in r) return { from: now - parseLast(r.last), to: now };
  return { from: Date.parse(r.from), to: Date.parse(r.to) };
}

/** absolute is the range of a window. */
export function absolute(w: Window): Range {
  return { from: new Date(w.from).toISOString(), to: new Date(w.to).toISOString() };
}

export function rangeLabel(r: Range, zone: string): string {
  if ("last" in r) return QUICK.find((q) => q.last === r.last)?.label ?? "Last " + r.last;
  return `${formatTime(Date.parse(r.from), zone, "minute")} – ${formatTime(Date.parse(r.to), zone, "minute")}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(ms: number, zone: string): Record<string, string> {
  let f = formats.get(zone);
  if (!f) {
    const options: Intl.DateTimeFormatOptions = { hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };
    try {
      f = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
    } catch {
      f = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
    }
    formats.set(zone, f);
  }
  return Object.fromEntries(f.formatToParts(ms).map((p) => [p.type, p.value]));
}

export type Precision = "day" | "minute" | "second" | "milli";

/** formatTime writes an instant as 2026-03-10 09:00:00.000 in a zone. */
export function formatTime(ms: number, zone: string, precision: Precision = "milli"): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return String(ms);
  const p = parts(ms, zone);
  const day = `${p.year}-${p.month}-${p.day}`;
  if (precision === "day") return day;
  const minute = `${day} ${p.hour}:${p.minute}`;
  if (precision === "minute") return minute;
  return `${minute}:${p.second}` + (precision === "milli" ? "." + p.fractionalSecond : "");
}

/** axisTime is a short label for a tick, as precise as the step between ticks needs. */
export function axisTime(ms: number, zone: string, step: number): string {
  const p = parts(ms, zone);
  if (step >= 864e5) return `${p.month}-${p.day}`;
  if (p.hour === "00" && p.minute === "00" && p.second === "00") return `${p.month}-${p.day}`;
  return step < 6e4 ? `${p.hour}:${p.minute}:${p.second}` : `${p.hour}:${p.minute}`;
}

/** zoneOffset is how far a zone is ahead of UTC at an instant, in milliseconds. */
export function zoneOffset(ms: number, zone: string): number {
  const p = parts(ms, zone);
  return Date.UTC(Number(p.year), Number(p.month) - 1, Number(p.day), Number(p.hour), Number(p.minute), Number(p.second)) - Math.floor(ms / 1000) * 1000;
}

/** fromLocal reads what a person writes of a time in a zone, such as 2026-03-10 09:00 or a day alone; NaN when it is none. */
export function fromLocal(text: string, zone: string): number {
  const m = /^(\d{4}-\d\d-\d\d)(?:[ T]+(\d\d:\d\d)(:\d\d(?:\.\d{1,3})?)?)?$/.exec(text.trim());
  const asUTC = m ? Date.parse(`${m[1]}T${m[2] ?? "00:00"}${m[3] ?? ":00"}Z`) : NaN;
  if (Number.isNaN(asUTC)) return NaN;
  // The offset at the wanted instant, found in two steps because it may change with the instant.
  const first = asUTC - zoneOffset(asUTC, zone);
  return asUTC - zoneOffset(first, zone);
}

/** toLocal writes a time as fromLocal reads it. */
export function toLocal(ms: number, zone: string): string {
  return formatTime(ms, zone, "second");
}

/** dayRange is the whole day of an instant in a zone, or so many days before; days of a change of the clock are shorter or longer. */
export function dayRange(ms: number, zone: string, before = 0): Range {
  const start = fromLocal(formatTime(ms, zone, "day"), zone);
  if (before > 0) return dayRange(start - 1, zone, before - 1);
  return absolute({ from: start, to: fromLocal(formatTime(start + 36 * 36e5, zone, "day"), zone) });
}

/** ago says how long ago an instant was, roughly. */
export function ago(ms: number, now: number): string {
  const s = Math.max(0, Math.round((now - ms) / 1000));
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.round(s / 60)} min ago`;
  if (s < 172800) return `${Math.round(s / 3600)} h ago`;
  return `${Math.round(s / 86400)} days ago`;
}

/** duration writes a length of time in its two largest units. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return "";
  if (ms < 0) return "-" + duration(-ms);
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60e3) return `${+(ms / 1000).toFixed(ms < 10e3 ? 2 : 1)} s`;
  const steps: [number, string][] = [[864e5, "d"], [36e5, "h"], [6e4, "min"], [1e3, "s"]];
  const i = steps.findIndex(([size]) => ms >= size);
  const [size, name] = steps[i]!;
  const big = Math.floor(ms / size);
  const next = steps[i + 1];
  const small = next ? Math.floor((ms - big * size) / next[0]) : 0;
  return `${big} ${name}` + (next && small > 0 ? ` ${small} ${next[1]}` : "");
}
