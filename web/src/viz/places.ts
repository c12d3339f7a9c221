import type { Result } from "../api/client";
import { label, tableOf } from "./table";

export type Place = { name: string; longitude: number; latitude: number; value: number };

const pair = /^\s*(-?\d{1,3}(?:\.\d+)?)\s*[,;]\s*(-?\d{1,3}(?:\.\d+)?)\s*$/;

/** coordinatesOf reads a latitude and longitude, such as 48.14,11.58. */
export function coordinatesOf(v: unknown): [latitude: number, longitude: number] | undefined {
  const m = pair.exec(typeof v === "string" ? v : "");
  return m ? onEarth(Number(m[1]), Number(m[2])) : undefined;
}

function onEarth(latitude: number, longitude: number): [number, number] | undefined {
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? [latitude, longitude] : undefined;
}

/**
 * placesOf finds the places of a result, whatever its columns are called: geostats gives one column of coordinates for
 * the client, the server or a field of one's own, and other queries may give latitude and longitude as numbers.
 */
export function placesOf(r: Pick<Result, "columns" | "rows">, zone: string): { places: Place[]; measure: string } {
  const t = tableOf(r);
  const isPlace = (i: number) => {
    const given = r.rows.map((row) => row[i]).filter((v) => v !== null && v !== undefined && v !== "");
    return given.length > 0 && given.every((v) => coordinatesOf(v) !== undefined);
  };
  const pairs = t.dimAt.filter(isPlace);
  const numbered = (name: RegExp) => t.measureAt.find((i) => name.test(r.columns[i]!.name));
  const lat = numbered(/\blat(itude)?$/i),
    lon = numbered(/\blon(g|gitude)?$/i);
  const measureAt = t.measureAt.find((i) => i !== lat && i !== lon);
  const value = (row: unknown[]) => (measureAt === undefined ? 1 : Number(row[measureAt] ?? 0));
  const nameOf = (row: unknown[]) => t.dimAt.filter((i) => !pairs.includes(i) && row[i] !== null).map((i) => label(row[i], r.columns[i], zone)).filter((s) => s !== "").join(", ");
  const places = r.rows.flatMap((row) => {
    const at = pairs.length > 0 ? pairs.map((i) => coordinatesOf(row[i])) : lat !== undefined && lon !== undefined && typeof row[lat] === "number" && typeof row[lon] === "number" ? [onEarth(row[lat], row[lon])] : [];
    return at.flatMap((c) => (c ? [{ name: nameOf(row) || c.join(", "), latitude: c[0], longitude: c[1], value: value(row) }] : []));
  });
  return { places, measure: measureAt === undefined ? "Rows" : r.columns[measureAt]!.name };
}

/**
 * unwrapped is a border that goes on beyond the 180th meridian, where its longitudes change their sign: drawn as it is,
 * it would come back across the whole map. One that goes around a pole, which has no other side, stays as it is.
 */
export function unwrapped(ring: number[][]): number[][] {
  let turn = 0;
  const out = ring.map(([x, ...rest], i) => {
    const step = i === 0 ? 0 : x! - ring[i - 1]![0]!;
    if (Math.abs(step) > 180) turn -= 360 * Math.sign(step);
    return [x! + turn, ...rest];
  });
  return turn === 0 ? out : ring;
}
