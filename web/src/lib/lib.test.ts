import { describe, expect, it } from "vitest";
import { compact, bytes, valueText } from "./format";
import { cut, pieces, plain } from "./hostile";
import { countable, groupedBy, joinQuery, kindOf, quote, splitQuery } from "./querytext";
import { axisTime, dayRange, duration, formatTime, fromLocal, parseLast, readRange, resolve, toLocal } from "./time";

describe("hostile text", () => {
  it("shows what cannot be seen", () => {
    expect(plain("invoice\u202Efdp.exe")).toBe("invoice⟨U+202E⟩fdp.exe");
    expect(plain("a\u0000b\u001b[31mc")).toBe("a⟨U+0000⟩b⟨U+001B⟩[31mc");
    expect(plain("zero\u200Bwidth\uFEFF")).toBe("zero⟨U+200B⟩width⟨U+FEFF⟩");
  });
  it("leaves lines, tabs, Windows line ends and other scripts alone", () => {
    for (const s of ["two\nlines\tand a tab", "line\r\nline", "Rechnungsprüfung 発注 חשבונית", "<b onclick=x>&lt;"]) expect(plain(s)).toBe(s);
  });
  it("loses nothing: the pieces that are not hidden are the text without the unseen", () => {
    const s = "x\u2066y\u2069\u007Fz";
    expect(pieces(s).filter((p) => !p.hidden).map((p) => p.text).join("")).toBe("xyz");
  });
  it("cuts between characters", () => {
    expect(cut("ab😀", 3)).toBe("ab");
    expect(cut("ab😀", 4)).toBe("ab😀");
  });
});

describe("queries", () => {
  it("splits at pipes that separate commands", () => {
    const q = "'a|b' = \"c|d\" /* | */ | where x = 'it\\'s | y' | addfields [ * | stats count ] | sort -n";
    expect(splitQuery(q).map((c) => c.name)).toEqual(["search", "where", "addfields", "sort"]);
  });
  it("joins what it split", () => {
    const q = "* | stats count by 'User Name' | sort -Count";
    expect(joinQuery(splitQuery(q))).toBe(q);
  });
  it("knows what rows are", () => {
    const kind = (q: string) => kindOf(splitQuery(q));
    expect(kind("*")).toBe("records");
    expect(kind("* | where x > 1 | sort -Time")).toBe("records");
    expect(kind("* | stats count")).toBe("table");
    expect(kind("* | timestats count")).toBe("series");
    expect(kind("* | link a | stats count | timestats count")).toBe("link");
    expect(kind("* | link a | linkdetails '1'")).toBe("records");
    expect(kind("error | cluster")).toBe("cluster");
  });
  it("counts the records that a grouping query groups", () => {
    expect(countable(splitQuery("a = 1 | fields b | sort -Time | stats count by b"))).toBe("a = 1");
    expect(countable(splitQuery("* | head 5"))).toBe("* | head 5");
    expect(countable(splitQuery("a | link b | linkdetails 1"))).toBe("a | link b | linkdetails 1");
    expect(countable(splitQuery("a | link b | linkdetails 1 | stats count"))).toBe("a | link b | linkdetails 1");
  });
  it("quotes what needs quotes", () => {
    expect(quote("Entity")).toBe("Entity");
    expect(quote("User Name")).toBe("'User Name'");
    expect(quote("by")).toBe("'by'");
    expect(quote("it's C:\\x\n")).toBe("'it\\'s C:\\\\x\\n'");
  });
  it("reads by fields", () => {
    expect(groupedBy("stats count as 'a by b' by 'User Name', Entity")).toEqual(["User Name", "Entity"]);
    expect(groupedBy("stats count")).toEqual([]);
  });
});

describe("time", () => {
  const noon = Date.UTC(2026, 2, 10, 12, 0, 0, 5);
  it("writes an instant in a zone", () => {
    expect(formatTime(noon, "UTC")).toBe("2026-03-10 12:00:00.005");
    expect(formatTime(noon, "Europe/Berlin", "minute")).toBe("2026-03-10 13:00");
    expect(formatTime(noon, "No/Where", "second")).toBe("2026-03-10 12:00:00");
  });
  it("reads local times on both sides of a change of the clock", () => {
    // Berlin goes from +1 to +2 hours on 2026-03-29 at 01:00 UTC.
    expect(fromLocal("2026-03-29T01:30:00", "Europe/Berlin")).toBe(Date.UTC(2026, 2, 29, 0, 30));
    expect(fromLocal("2026-03-29T03:30:00", "Europe/Berlin")).toBe(Date.UTC(2026, 2, 29, 1, 30));
    expect(fromLocal(" 2026-03-10 09:00 ", "UTC")).toBe(Date.UTC(2026, 2, 10, 9));
    expect(fromLocal("2026-03-10", "UTC")).toBe(Date.UTC(2026, 2, 10));
    for (const wrong of ["", "yesterday", "10/03/2026", "2026-13-01", "2026-03-10 9", "2026-03-10 25:00"]) expect(fromLocal(wrong, "UTC")).toBeNaN();
    for (const ms of [noon - 5, Date.UTC(2026, 9, 25, 12)]) expect(fromLocal(toLocal(ms, "America/New_York"), "America/New_York")).toBe(ms);
  });
  it("reads ranges of addresses and refuses nonsense", () => {
    expect(readRange(new URLSearchParams("last=7d"))).toEqual({ last: "7d" });
    expect(readRange(new URLSearchParams("last=soon"))).toEqual({ last: "24h" });
    expect(readRange(new URLSearchParams("from=2026-03-11&to=2026-03-10"))).toEqual({ last: "24h" });
    expect(resolve({ last: "1h" }, 36e5)).toEqual({ from: 0, to: 36e5 });
    expect(parseLast("0x")).toBeNaN();
  });
  it("knows the days of a zone, also when the clock changes", () => {
    const noon = Date.parse("2026-03-30T10:00:00Z");
    expect(dayRange(noon, "Europe/Berlin")).toEqual({ from: "2026-03-29T22:00:00.000Z", to: "2026-03-30T22:00:00.000Z" });
    expect(dayRange(noon, "Europe/Berlin", 1)).toEqual({ from: "2026-03-28T23:00:00.000Z", to: "2026-03-29T22:00:00.000Z" }); // 23 hours
    expect(dayRange(noon, "Asia/Tokyo", 2)).toEqual({ from: "2026-03-27T15:00:00.000Z", to: "2026-03-28T15:00:00.000Z" });
    expect(dayRange(Date.parse("2026-10-25T22:30:00Z"), "Europe/Berlin")).toEqual({ from: "2026-10-24T22:00:00.000Z", to: "2026-10-25T23:00:00.000Z" }); // 25 hours
  });
  it("writes lengths of time", () => {
    expect(duration(603544114)).toBe("6 d 23 h");
    expect(duration(999)).toBe("999 ms");
    expect(duration(61000)).toBe("1 min 1 s");
  });
  it("labels midnight by its day", () => {
    expect(axisTime(Date.UTC(2026, 2, 10), "UTC", 36e5)).toBe("03-10");
    expect(axisTime(noon, "UTC", 36e5)).toBe("12:00");
  });
});

describe("numbers", () => {
  it("shortens", () => {
    expect(compact(34254)).toBe("34.25K");
    expect(compact(4030)).toBe("4,030");
    expect(compact(0.12345)).toBe("0.1235");
    expect(bytes(2250935)).toBe("2.25 MB");
  });
  it("writes values by the type of their column", () => {
    expect(valueText(0, { name: "t", type: "TIMESTAMP" }, "UTC")).toBe("1970-01-01 00:00:00.000");
    expect(valueText(["a", "b"], { name: "l", list: true }, "UTC")).toBe("a, b");
    expect(valueText(null, undefined, "UTC")).toBe("");
    expect(valueText(90000, { name: "d", type: "LONG", unit: "ms" }, "UTC")).toBe("1 min 30 s");
  });
});
