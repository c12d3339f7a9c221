import { describe, expect, it } from "vitest";
import { groupOf } from "./ConditionForm";
import { copyOf, sourceBody } from "./SourceForm";

describe("a log source that is edited", () => {
  it("goes back with what the form does not show, and its parsers numbered in their order", () => {
    const body = sourceBody({ name: "", displayName: " Orders ", isSystem: true, patterns: [{ patternText: "*.log" }], parsers: [{ name: "B" }, { name: "A" }] });
    expect(body).toEqual({ name: "Orders", displayName: "Orders", patterns: [{ patternText: "*.log" }], parsers: [{ name: "B", parserSequence: 1 }, { name: "A", parserSequence: 2 }] });
    expect(sourceBody({ name: "inner", displayName: "Outer" }).name).toBe("inner");
  });
  it("is copied under another name when it is built in", () => {
    expect(sourceBody(copyOf({ name: "Orders", displayName: "Orders", isSystem: true })).name).toBe("Orders Copy");
  });
  it("has rules whose comparisons are in a group, also when they came without one", () => {
    const one = { fieldName: "usrname", labelConditionOperator: "EQUAL", labelConditionValues: ["ada"] };
    expect(groupOf({ ...one, labelConditionValue: undefined })).toEqual({ conditionBlocksOperator: "AND", conditionBlocks: [one] });
    const conditionBlock = { conditionBlocksOperator: "NOT_OR", conditionBlocks: [one, one] };
    expect(groupOf({ conditionBlock })).toBe(conditionBlock);
    expect(groupOf({}).conditionBlocks).toHaveLength(1);
  });
});
