import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import atlas from "world-atlas/countries-110m.json";

/** world is the borders of countries, of Natural Earth (public domain). */
export function world() {
  const topology = atlas as unknown as Topology<{ countries: GeometryCollection }>;
  return feature(topology, topology.objects.countries);
}
