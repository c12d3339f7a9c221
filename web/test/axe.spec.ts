import { describe } from "vitest";
import type { Page } from "playwright-core";
import { axe, axeScript, visit } from "./look";
import { settledRange } from "./store";
import { test } from "./test";

const range = new URLSearchParams(settledRange()).toString();
const explore = (q: string, more = "") => `/ui/explore?q=${encodeURIComponent(q)}&${range}${more}`;
const audit = "'Log Source' = 'OCI Integration Audit Logs'";
const grouped = `${audit} | stats count as Records by 'Resource Operations' | sort -Records`;

type Step = (page: Page) => Promise<unknown>;
const menu = (button: string, item: string): Step => async (page) => {
  await page.getByRole("button", { name: button, exact: true }).click();
  await page.getByRole("menuitem", { name: item }).click();
};

// Every page, and what opens on it.
const pages: [name: string, address: string, ...open: Step[]][] = [
  ["records, with a field and a record open", explore(audit), (p) => p.locator(".field-name", { hasText: "User Name" }).click(), (p) => p.locator(".record-head").first().click(), (p) => p.locator(".value-name").first().waitFor()],
  ["a record as JSON", explore(audit), (p) => p.locator(".record-head").first().click(), (p) => p.getByRole("tab", { name: "JSON" }).click()],
  ["records as a table", explore(audit, "&viz=table_histogram")],
  ["a mistake", explore("* | nosuchcommand")],
  ["nothing found", explore("'User Name' = 'nobody at all'")],
  ["the time picker", explore(audit), (p) => p.locator(".time-button").click()],
  ["the menu of visualisations", explore(audit), (p) => p.getByRole("button", { name: /^Visualisation/ }).click()],
  ["the menu of columns", explore(audit), (p) => p.getByRole("button", { name: "Columns", exact: true }).click()],
  ["history", explore(audit), menu("Actions", "Saved searches and history…")],
  ["save", explore(audit), menu("Actions", "Save this search…")],
  ["a tile for a dashboard", explore(grouped, "&viz=hbar"), menu("Actions", "Add to a dashboard…"), (p) => p.getByRole("combobox", { name: "Dashboard", exact: true }).waitFor()],
  ["export", explore(audit), menu("Actions", "Export the whole result…")],
  ["explain", explore(audit), (p) => p.getByRole("button", { name: "Explain how it is answered" }).click(), (p) => p.locator("summary").click()],
  ["a remark on the result", explore("* | where 'User Name' = Actoin")],
  ...["line", "area", "bar", "hbar", "pie", "sunburst", "treemap", "heatmap", "tile", "summary", "words", "distinct", "map"].map((viz): [string, string] => [viz, explore(["line", "area", "bar", "heatmap"].includes(viz) ? `${audit} | timestats count as Records by 'Resource Operations'` : grouped, "&viz=" + viz)]),
  ["link", explore(`${audit} | link 'User Name' | classify topcount = 20 Count as Sizes`), (p) => p.getByRole("tab", { name: "Sizes" }).click()],
  ["a group of link", explore(`${audit} | link 'User Name'`), (p) => p.locator(".grid-row").first().click(), (p) => p.getByRole("grid", { name: "Records of the group" }).waitFor()],
  ["cluster", explore(`${audit} | cluster`)],
  ["cluster compare", explore(`${audit} | clustercompare`)],
  ["dashboards", "/ui/dashboards"],
  ["a new dashboard", "/ui/dashboards", (p) => p.getByRole("button", { name: "New dashboard" }).click()],
  ...["audit-overview", "integration-story", "oac-activity", "collection-health"].map((id): [string, string] => ["the dashboard " + id, `/ui/dashboards/ledgerline-${id}?${range}`]),
  ["an enlarged tile", "/ui/dashboards/ledgerline-audit-overview?" + range, (p) => p.locator(".tile-head").first().hover(), (p) => p.getByRole("button", { name: /^Enlarge/ }).first().click()],
  ["integrations", "/ui/integrations"],
  ["runs", "/ui/integrations/runs?integration=oic-audit", (p) => p.getByRole("button", { name: /^Steps of run/ }).last().click()],
  ["connections", "/ui/integrations/connections"],
  ["quarantine", "/ui/integrations/quarantine"],
  ...["storage", "log-groups", "uploads", "sources", "parsers", "fields", "labels", "lookups", "entities", "users", "parsers/new"].map((page): [string, string] => [page, "/ui/admin/" + page]),
  ["a new log source with a condition", "/ui/admin/sources", (p) => p.getByRole("button", { name: "New log source" }).click(), (p) => p.getByRole("button", { name: "Add a label" }).click(), (p) => p.getByRole("button", { name: /add a comparison$/ }).click()],
  ["the keys of a user", "/ui/admin/users", (p) => p.getByRole("button", { name: /^Keys of/ }).first().click()],
  ["no such page", "/ui/nowhere"],
];

describe("axe finds nothing in light nor dark on", () => {
  test.for(pages)("%s", async ([name, address, ...open], { visited }) => {
    await visit(visited, address);
    for (const step of open) await step(visited);
    await axe(visited, name);
  });

  test("the login", async ({ open }) => {
    const page = await open({ loggedIn: false, scripts: [axeScript] });
    await page.goto("/ui/");
    await page.getByLabel("User").waitFor();
    await axe(page, "login");
  });
});
