import { describe, expect, it } from "vitest";
import { columnsToAsk } from "./useExplorer";

const fields = ["Action", "Log Source", "Record Number", "Status", "Time", "Upload ID", "User Name"].map((name) => ({ name, type: "STRING", list: false }));

describe("fields that records are asked for with", () => {
  it("are all of them while records are few", () => {
    expect(columnsToAsk(fields, 500, ["Status"])).toEqual(["Action", "Log Source", "Record Number", "Status", "Upload ID", "User Name"]);
  });
  it("are those shown, and what names a record, when records are many", () => {
    expect(columnsToAsk(fields, 100_000, ["Status", "Gone"])).toEqual(["Record Number", "Status", "Upload ID"]);
    expect(columnsToAsk(fields, 100_000, [])).toEqual(["Log Source", "Record Number", "Upload ID", "User Name"]);
  });
});
