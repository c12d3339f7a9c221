import { describe, expect, it } from "vitest";
import { batches, countsQuery, type FieldInfo } from "./useFieldCounts";

const field = (name: string): FieldInfo => ({ name, type: "STRING", list: false });

describe("counts of fields", () => {
  it("are asked for in batches that hold every field once, in order", () => {
    const fields = Array.from({ length: 100 }, (_, i) => field("F" + i));
    const cut = batches(fields);
    expect(cut.flat()).toEqual(fields);
    expect(Math.max(...cut.map((b) => b.length))).toBeLessThanOrEqual(24);
    expect(batches([])).toEqual([]);
  });
  it("count records and values, with names spelled as queries do", () => {
    expect(countsQuery("* | where a > 1", [field("Status"), field("It's new")])).toBe("* | where a > 1 | stats count as Records, count(Status) as f0, count('It\\'s new') as f1");
  });
});
