import type { Column } from "../api/client";
import { duration, formatTime } from "./time";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const some = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });

/** number writes a number with thousands separated; fractions to three digits. */
export function number(n: number): string {
  return Number.isInteger(n) ? whole.format(n) : some.format(n);
}

/** compact writes a number in at most four digits and a letter, such as 34.25K. */
export function compact(n: number): string {
  const a = Math.abs(n);
  for (const [size, letter] of [[1e12, "T"], [1e9, "B"], [1e6, "M"], [1e3, "K"]] as const) {
    if (a >= size && a >= 1e4) return +(n / size).toPrecision(4) + letter;
  }
  return Number.isInteger(n) ? whole.format(n) : String(+n.toPrecision(4));
}

export function bytes(n: number): string {
  const names = ["bytes", "KB", "MB", "GB", "TB"];
  let i = 0;
  while (n >= 1000 && i < names.length - 1) {
    n /= 1000;
    i++;
  }
  return `${i === 0 ? whole.format(n) : +n.toPrecision(3)} ${names[i]}`;
}

export function plural(n: number, one: string, many = one + "s"): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

const numeric = new Set(["LONG", "INTEGER", "DOUBLE", "FLOAT"]);

export function isNumeric(c: Column): boolean {
  return numeric.has(c.type ?? "") && !c.list;
}

export function isTime(c: Column): boolean {
  return c.type === "TIMESTAMP" && !c.list;
}

/** valueText writes a value of a column as people read it; null is empty. */
export function valueText(v: unknown, c: Column | undefined, zone: string): string {
  if (v === null || v === undefined) return "";
  if (Array.isArray(v)) return v.map((e) => valueText(e, c && { ...c, list: false }, zone)).join(", ");
  if (typeof v === "object") return JSON.stringify(v);
  if (typeof v === "number") {
    if (c?.type === "TIMESTAMP") return formatTime(v, zone);
    if (c?.unit === "ms") return duration(v);
    return number(v);
  }
  return String(v);
}

/** lineName is the legend of a line of a series: its group, or else the name of its value. */
export function lineName(key: unknown[], values: Column[]): string {
  if (key.length === 0) return values.map((v) => v.name).join(", ");
  return key.map((k) => (k === null ? "(none)" : String(k))).join(", ");
}
