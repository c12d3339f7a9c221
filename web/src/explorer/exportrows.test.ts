import { expect, it } from "vitest";
import { rowsOf } from "./exportrows";

const bytes = (text: string) => new TextEncoder().encode(text);

it("counts the rows of CSV, not the lines within their cells", () => {
  const rows = rowsOf("csv");
  expect(rows(bytes("Name,Text\n"))).toBe(0);
  expect(rows(bytes('a,"two\nlines and a ""quote'))).toBe(0);
  expect(rows(bytes('"" more"\nb,x\n'))).toBe(2);
});

it("counts the objects of JSON", () => {
  const rows = rowsOf("json");
  expect(rows(bytes('[\n{"a":"\\"\\n"},\n{"a"'))).toBe(1);
  expect(rows(bytes(':1},\n{"a":2}]\n'))).toBe(3);
  expect(rowsOf("json")(bytes("[]\n"))).toBe(0);
});
