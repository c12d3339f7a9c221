import { useQuery } from "@tanstack/react-query";
import { call } from "../api/client";
import type { components } from "../api/schema.gen";

export const own = "/ledgerline/v1";

type Integration = components["schemas"]["Integration"];

/** useIntegrations are the integrations of the configuration with their last run, asked for again every few seconds. */
export const useIntegrations = () => useQuery({ queryKey: ["integrations"], queryFn: () => call<{ items: Integration[] }>(own + "/integrations").then((r) => r.items), refetchInterval: 3000 });
