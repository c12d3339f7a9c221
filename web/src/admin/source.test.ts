import { describe, expect, it } from "vitest";
import { copyOf, sourceBody } from "./SourceForm";
import { conditionText, flat } from "./SourceRules";

const names = { fields: [{ name: "usrname", displayName: "User Name" }, { name: "msg", displayName: "Message" }], labels: [] } as unknown as Parameters<typeof conditionText>[0];

describe("a log source that is edited", () => {
  it("goes back with what the form does not show, and its parsers numbered in their order", () => {
    const body = sourceBody({ name: "", displayName: " Orders ", isSystem: true, patterns: [{ patternText: "*.log" }], parsers: [{ name: "B" }, { name: "A" }] });
    expect(body).toEqual({ name: "Orders", displayName: "Orders", patterns: [{ patternText: "*.log" }], parsers: [{ name: "B", parserSequence: 1 }, { name: "A", parserSequence: 2 }] });
    expect(sourceBody({ name: "inner", displayName: "Outer" }).name).toBe("inner");
  });
  it("is copied under another name when it is built in", () => {
    expect(sourceBody(copyOf({ name: "Orders", displayName: "Orders", isSystem: true })).name).toBe("Orders Copy");
  });
  it("has rules of one comparison that can be edited, and others that stay", () => {
    const one = { fieldName: "usrname", labelConditionOperator: "EQUAL", labelConditionValues: ["ada"] };
    expect(flat({ labelName: "l", conditionBlock: { conditionBlocksOperator: "AND", conditionBlocks: [one] } })).toEqual({ labelName: "l", ...one, conditionBlock: undefined });
    for (const conditionBlock of [{ conditionBlocksOperator: "NOT_AND", conditionBlocks: [one] }, { conditionBlocks: [one, one] }, { conditionBlocks: [{ conditionBlocks: [one] }] }]) {
      expect(flat({ conditionBlock })).toEqual({ conditionBlock });
    }
  });
  it("has conditions that read as sentences", () => {
    expect(conditionText(names, { fieldName: "usrname", labelConditionOperator: "NOT_EQUAL", labelConditionValue: "ada" })).toBe("User Name not equal ada");
    const nested = { conditionBlocksOperator: "OR", conditionBlocks: [{ fieldName: "msg", labelConditionOperator: "CONTAINS", labelConditionValues: ["a", "b"] }, { conditionBlocksOperator: "NOT_AND", conditionBlocks: [{ fieldName: "x", labelConditionOperator: "IS_NULL" }, { fieldName: "usrname", labelConditionValue: "y" }] }] };
    expect(conditionText(names, nested)).toBe("Message contains a, b or (not (x is null and User Name equal y))");
  });
});
