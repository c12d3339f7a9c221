import { describe, expect, it } from "vitest";
import { partsOf } from "./ExplainDialog";

describe("an explanation", () => {
  it("has a plan and SQL, without the steps, which are a table", () => {
    const plan = "columns A\n#1 sort A\n  #2 scan";
    expect(partsOf(`window w\n\nstep  rows in\nrun  1\n\n${plan}\n\nSELECT 1\n\nSELECT 2\n`)).toEqual({ plan: `window w\n\n${plan}`, sql: "SELECT 1\n\nSELECT 2" });
    expect(partsOf(`window w\nhint: h\n\n${plan}\n\n-- rows for cluster\nSELECT 1`)).toEqual({ plan: `window w\nhint: h\n\n${plan}`, sql: "-- rows for cluster\nSELECT 1" });
    expect(partsOf("window w")).toEqual({ plan: "window w", sql: "" });
  });
});
