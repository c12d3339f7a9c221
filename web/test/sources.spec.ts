import { describe } from "vitest";
import { call } from "./store";
import { expect, test } from "./test";

type Source = { labelConditions?: { labelName: string; conditionBlock: { conditionBlocksOperator: string; conditionBlocks: object[] } }[] };

describe("a log source", () => {
  test("gets a label by conditions that are joined, is changed and deleted", async ({ page }) => {
    const { namespace, tenancy } = await call<{ namespace: string; tenancy: string }>("/ledgerline/v1/status");
    const at = `/20200601/namespaces/${namespace}/sources/Page%20Test%20Logs?compartmentId=${tenancy}`;
    const group = async () => (await call<Source>(at)).labelConditions?.map((c) => c.conditionBlock) ?? [];
    const label = (await call<{ labels: { name: string; displayName?: string }[] }>("/ledgerline/v1/content")).labels[0]!;

    await page.goto("/ui/admin/sources");
    await page.getByRole("button", { name: "New log source" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Page Test Logs");
    await page.getByLabel("Add a parser").selectOption({ label: "OCI Integration Audit Log Format" });
    await page.getByRole("button", { name: "Add a label" }).click();
    const condition = page.getByRole("group", { name: "Condition 1", exact: true });
    await condition.getByLabel("field 1").fill("User Name");
    await condition.getByLabel("value 1").fill("ada");
    await condition.getByRole("button", { name: "add a comparison" }).click();
    await condition.getByLabel("field 2").fill("Resource Operations");
    await condition.getByLabel("value 2").fill("delete");
    await condition.getByLabel("how it is joined").selectOption("any of");
    await page.getByLabel("Label of rule 1").selectOption(label.name);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Page Test Logs").waitFor();
    expect(await group()).toEqual([{ conditionBlocksOperator: "OR", conditionBlocks: [expect.objectContaining({ labelConditionValue: "ada" }), expect.objectContaining({ labelConditionValue: "delete" })] }]);

    await page.getByText("Page Test Logs").click();
    await expect.poll(() => condition.getByLabel("field 1").inputValue()).toBe("User Name");
    await condition.getByRole("button", { name: "remove comparison 1" }).click();
    await condition.getByLabel("how it is joined").selectOption("none of");
    await condition.getByRole("button", { name: "Condition 1: add a group" }).click();
    await condition.getByLabel("Condition 1, group 2: field 1").fill("Resource Type");
    await condition.getByLabel("Condition 1, group 2: value 1").fill("lookup");
    await condition.getByRole("button", { name: "Condition 1, group 2: add a comparison" }).click();
    await condition.getByLabel("Condition 1, group 2: field 2").fill("User Name");
    await condition.getByLabel("Condition 1, group 2: value 2").fill("grace");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    const inner = { conditionBlocksOperator: "OR", conditionBlocks: [expect.objectContaining({ labelConditionValue: "lookup" }), expect.objectContaining({ labelConditionValue: "grace" })] };
    expect(await group()).toEqual([{ conditionBlocksOperator: "NOT_OR", conditionBlocks: [expect.objectContaining({ labelConditionValue: "delete" }), expect.objectContaining(inner)] }]);

    await page.getByText("Page Test Logs").click();
    page.on("dialog", (d) => void d.accept());
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByRole("grid").getByText("Page Test Logs").waitFor({ state: "detached" });
    await expect(call(at)).rejects.toThrow();
  });
});
