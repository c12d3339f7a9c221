import { describe, expect, it } from "vitest";
import { scaled } from "./scale";

describe("sizes of charts on large screens", () => {
  it("grow, wherever they are, and data do not", () => {
    const formatter = () => "";
    const option = { legend: { top: 4, textStyle: { fontSize: 10, width: 100, overflow: "truncate" } }, grid: { left: "50%" }, series: [{ symbolSize: 5, data: [{ width: 7 }, 3], formatter }], animation: false };
    expect(scaled(option, 2)).toEqual({ legend: { top: 8, textStyle: { fontSize: 20, width: 200, overflow: "truncate" } }, grid: { left: "50%" }, series: [{ symbolSize: 10, data: [{ width: 7 }, 3], formatter }], animation: false });
    expect(scaled(option, 1)).toBe(option);
  });
});
