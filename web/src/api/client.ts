import type { components } from "./schema.gen";

type Schemas = components["schemas"];
export type Column = Schemas["Column"];
export type Series = Schemas["Series"];
export type Line = Schemas["Line"];
export type Result = Schemas["Result"];
export type QueryRequest = Schemas["QueryRequest"];
export type Check = Schemas["Check"];
export type Explanation = Schemas["Explanation"];
export type Suggestions = Schemas["Suggestions"];
export type PresentField = Schemas["PresentField"];
export type Session = Schemas["Session"];
export type Status = Schemas["Status"];
export type Search = Schemas["Search"];
export type Content = Schemas["Content"];
export type Run = Schemas["Run"];
export type RunStep = Schemas["RunStep"];

/** ApiError is a refusal of the server: its words say what to do. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId = "",
  ) {
    super(message);
  }
}

let csrfToken = "";
let onLoggedOut = () => {};

/** setCsrfToken keeps the token that calls which change something must carry. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** whenLoggedOut is called when the server no longer knows the session. */
export function whenLoggedOut(f: () => void): void {
  onLoggedOut = f;
}

type CallOptions = { method?: string; body?: unknown; raw?: BodyInit; headers?: Record<string, string>; signal?: AbortSignal };

/** send makes a call and returns its answer unread; a refusal is an ApiError. */
export async function send(path: string, { method = "GET", body, raw, headers = {}, signal }: CallOptions = {}): Promise<Response> {
  const h = new Headers(headers);
  if (body !== undefined) h.set("Content-Type", "application/json");
  if (method !== "GET" && csrfToken !== "") h.set("X-CSRF-Token", csrfToken);
  let answer: Response;
  try {
    answer = await fetch(path, { method, headers: h, body: body === undefined ? raw : JSON.stringify(body), signal, credentials: "same-origin" });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new ApiError(0, "Unreachable", "The server does not answer. Is it still running?");
  }
  if (answer.ok) return answer;
  if (answer.status === 401) onLoggedOut();
  let code = "",
    message = answer.statusText;
  try {
    const e = (await answer.json()) as { code?: string; message?: string };
    code = e.code ?? "";
    message = e.message ?? message;
  } catch {
    // not from our server: the status has to do
  }
  throw new ApiError(answer.status, code, message, answer.headers.get("opc-request-id") ?? "");
}

/** call makes a call and reads the JSON of its answer; nothing for 204. */
export async function call<T>(path: string, options?: CallOptions): Promise<T> {
  const answer = await send(path, options);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

const own = "/ledgerline/v1";

export const api = {
  session: () => call<Session>(own + "/session"),
  logIn: (user: string, password: string) => call<Session>(own + "/session", { method: "POST", body: { user, password } }),
  logOut: () => call<void>(own + "/session", { method: "DELETE" }),
  status: () => call<Status>(own + "/status"),
  query: (body: QueryRequest, signal?: AbortSignal) => call<Result>(own + "/query", { method: "POST", body, signal }),
  check: (query: string, signal?: AbortSignal) => call<Check>(own + "/check", { method: "POST", body: { query }, signal }),
  fields: (body: QueryRequest, signal?: AbortSignal) => call<{ items: PresentField[] }>(own + "/fields", { method: "POST", body, signal }).then((r) => r.items),
  explain: (body: QueryRequest, signal?: AbortSignal) => call<Explanation>(own + "/explain", { method: "POST", body, signal }),
  suggest: (namespace: string, tenancy: string, text: string, signal?: AbortSignal) =>
    call<Suggestions>(`/20200601/namespaces/${encodeURIComponent(namespace)}/search/actions/suggest`, {
      method: "POST",
      body: { compartmentId: tenancy, queryString: text, subSystem: "LOG" },
      signal,
    }),
  filter: (namespace: string, query: string, filters: { operator: string; fieldName: string; values?: unknown[] }[]) =>
    call<{ displayQueryString: string }>(`/20200601/namespaces/${encodeURIComponent(namespace)}/search/actions/filter`, {
      method: "POST",
      body: { queryString: query, subSystem: "LOG", filters },
    }).then((r) => r.displayQueryString),
  content: () => call<Content>(own + "/content"),
  searches: () => call<{ items: Search[] }>(own + "/searches?limit=1000").then((r) => r.items),
  putSearch: (s: Search) => call<Search>(`${own}/searches/${encodeURIComponent(s.name)}`, { method: "PUT", body: s }),
  deleteSearch: (name: string) => call<void>(`${own}/searches/${encodeURIComponent(name)}`, { method: "DELETE" }),
  runs: (integration = "", limit = 200) => call<{ items: Run[] }>(`${own}/runs?limit=${limit}${integration === "" ? "" : "&integration=" + encodeURIComponent(integration)}`).then((r) => r.items),
  run: (id: number) => call<Run>(`${own}/runs/${id}`),
};
