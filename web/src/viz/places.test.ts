import { describe, expect, it } from "vitest";
import { coordinatesOf, placesOf, unwrapped } from "./places";

const text = (name: string) => ({ name, type: "STRING" });
const whole = (name: string) => ({ name, type: "LONG" });

describe("places of a result", () => {
  it("are in any column whose values are coordinates, with the other columns as names", () => {
    const r = { columns: [text("City"), text("Where"), whole("Records")], rows: [["München", "48.14,11.58", 3], ["Nowhere", null, 9], ["Tokyo", "35.68, 139.69", 1]] };
    expect(placesOf(r, "UTC")).toEqual({ places: [{ name: "München", latitude: 48.14, longitude: 11.58, value: 3 }, { name: "Tokyo", latitude: 35.68, longitude: 139.69, value: 1 }], measure: "Records" });
  });
  it("are those of clients and of servers", () => {
    const r = { columns: [text("Client Host Coordinates"), text("Server Host Coordinates"), whole("Count")], rows: [["1,2", "3,4", 5]] };
    expect(placesOf(r, "UTC").places.map((p) => [p.latitude, p.longitude])).toEqual([[1, 2], [3, 4]]);
  });
  it("may be two numbers, and need no number beside them", () => {
    const r = { columns: [{ name: "Latitude", type: "DOUBLE" }, { name: "Longitude", type: "DOUBLE" }], rows: [[-33.9, 18.4], [null, 1], [91, 0]] };
    expect(placesOf(r, "UTC")).toEqual({ places: [{ name: "-33.9, 18.4", latitude: -33.9, longitude: 18.4, value: 1 }], measure: "Rows" });
  });
  it("are none where texts only look like them", () => {
    expect(placesOf({ columns: [text("Version"), whole("n")], rows: [["1,2", 1], ["1,2,3", 1]] }, "UTC").places).toEqual([]);
    for (const v of ["200,10", "10,200", "48", "", null, 48.1, "48.14,11.58 E"]) expect(coordinatesOf(v)).toBeUndefined();
  });
});

describe("a border", () => {
  it("goes on beyond the 180th meridian, and comes back", () => {
    expect(unwrapped([[170, 60], [-179, 61], [-170, 65], [178, 70], [170, 60]])).toEqual([[170, 60], [181, 61], [190, 65], [178, 70], [170, 60]]);
    expect(unwrapped([[-179, -16], [179, -17], [-179, -16]])).toEqual([[-179, -16], [-181, -17], [-179, -16]]);
  });
  it("stays as it is on one side, and around a pole", () => {
    for (const ring of [[[10, 1], [20, 1], [10, 1]], [[-180, -80], [0, -80], [179, -80], [-180, -80]]]) expect(unwrapped(ring)).toEqual(ring);
  });
});
