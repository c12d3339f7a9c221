import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { unwrapped } from "./places";
import atlas from "world-atlas/countries-110m.json";

/** world is the borders of countries, of Natural Earth (public domain). */
export function world() {
  const topology = atlas as unknown as Topology<{ countries: GeometryCollection }>;
  const borders = feature(topology, topology.objects.countries);
  for (const { geometry } of borders.features) {
    if (geometry.type === "Polygon") geometry.coordinates = geometry.coordinates.map(unwrapped);
    if (geometry.type === "MultiPolygon") geometry.coordinates = geometry.coordinates.map((p) => p.map(unwrapped));
  }
  return borders;
}
