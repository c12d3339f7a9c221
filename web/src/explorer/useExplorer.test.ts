import { describe, expect, it } from "vitest";
import { columnsOf, columnsToAsk, named, withColumns } from "./useExplorer";

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

describe("columns that name a record", () => {
  it("are called as they were asked for", () => {
    const r = { columns: [{ name: "Time", internal: "time" }, { name: "muploadid", original: "muploadid", internal: "muploadid" }, { name: "ordinal", internal: "ordinal" }], rows: [], from: "", to: "", elapsedMs: 0 };
    expect(named(r).columns).toEqual([{ name: "Time", internal: "time" }, { name: "Upload ID", original: "Upload ID", internal: "muploadid" }, { name: "Record Number", original: "Record Number", internal: "ordinal" }]);
  });
});

describe("columns of a table of records", () => {
  it("are those that a query shows itself, without empty ones", () => {
    expect(columnsOf({ columns: [{ name: "Time" }, { name: "Error Code" }, { name: "Entity" }, { name: "Key", hidden: true }], rows: [[1, "x", null, 1], [2, null, null, 1]] })).toEqual(["Time", "Error Code"]);
  });
  it("are the usual ones of many", () => {
    const columns = ["Status", "User Name", "Log Source", ...Array.from({ length: 20 }, (_, i) => "F" + i)].map((name) => ({ name }));
    expect(columnsOf({ columns, rows: [columns.map(() => "x")] })).toEqual(["Log Source", "User Name"]);
  });
});

describe("a query of its own columns", () => {
  it("says which they are, once", () => {
    expect(withColumns("Status = ok", ["User Name", "Status"])).toBe("Status = ok | fields 'User Name', Status");
    expect(withColumns("* | fields Action", ["Status"])).toBe("* | fields Action");
  });
  it("is left as it is without any, and when its rows are no records", () => {
    expect(withColumns("Status = ok", [])).toBe("Status = ok");
    expect(withColumns("* | stats count by Status", ["Status"])).toBe("* | stats count by Status");
  });
});
