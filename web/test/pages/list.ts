import { settledRange } from "../store";

const audit = "'Log Source' = 'OCI Integration Audit Logs'";

/** everyPage are the addresses of all pages, for what holds of each of them. */
export function everyPage(): string[] {
  const range = new URLSearchParams(settledRange()).toString();
  const explore = (query: string, more = "") => `/ui/explore?q=${encodeURIComponent(query)}${more}&${range}`;
  return [
    explore(audit), explore(`${audit} | link 'User Name'`), explore(`${audit} | cluster`), explore(`${audit} | stats count as Records by 'User Name'`, "&viz=hbar"),
    "/ui/dashboards", "/ui/dashboards/ledgerline-audit-overview?" + range,
    ...["", "/runs", "/connections", "/quarantine"].map((p) => "/ui/integrations" + p),
    ...["storage", "log-groups", "uploads", "sources", "parsers", "parsers/new", "fields", "labels", "lookups", "entities", "users"].map((p) => "/ui/admin/" + p),
  ];
}
