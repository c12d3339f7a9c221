import { describe, expect, it } from "vitest";
import { guarded, sheetSafe } from "./sheet";

const file = `Name,n,Text\n=1+1,-5,"=HYPERLINK(""http://x"",""a"")"\n@cmd,+1.5e3,plain\n-x,,"two\n=lines"\n"+a,b",7,\n`;
const safe = `Name,n,Text\n'=1+1,-5,"'=HYPERLINK(""http://x"",""a"")"\n'@cmd,+1.5e3,plain\n'-x,,"two\n=lines"\n"'+a,b",7,\n`;

/** whole gives a file in pieces of some length. */
const whole = (text: string, length: number) => {
  const guard = sheetSafe();
  let out = "";
  for (let i = 0; i < text.length; i += length) out += guard(text.slice(i, i + length));
  return out + guard("");
};

describe("cells that a spreadsheet would run", () => {
  it("begin with an apostrophe, and numbers do not", () => {
    expect(whole(file, file.length)).toBe(safe);
    for (const cell of ["-1", "+2.5", "-1e9", "a=1", "", '"a"', "'=x"]) expect(guarded(cell)).toBe(cell);
    for (const cell of ["-1+cmd|' /C calc'!A0", "+", "\t=1", "=", "@SUM(1)"]) expect(guarded(cell)).toBe("'" + cell);
  });
  it("are found wherever the file is cut", () => {
    for (let length = 1; length <= file.length; length++) expect(whole(file, length)).toBe(safe);
  });
  it("are found at the end of a file without a last line end", () => {
    expect(whole("a\n=b", 2)).toBe("a\n'=b");
  });
});
