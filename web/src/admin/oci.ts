import { call, send } from "../api/client";
import { useStatus } from "../session/session";

// Administration changes things by the calls of the OCI API that other clients use, too.

/** useNamespace is the path of the calls about this server's namespace, and the tenancy; empty until they are known. */
export function useNamespace(): { at: string; tenancy: string } {
  const { data } = useStatus();
  return data ? { at: `/20200601/namespaces/${encodeURIComponent(data.namespace)}`, tenancy: data.tenancy } : { at: "", tenancy: "" };
}

/** fetched is an item with its etag, which a change of it sends back: a change by somebody else is not overwritten. */
export async function fetched<T>(path: string): Promise<{ item: T; etag: string }> {
  const answer = await send(path);
  return { item: (await answer.json()) as T, etag: answer.headers.get("etag") ?? "" };
}

/** change sends a change; etag is of the item that is changed, empty for a new one. */
export function change<T>(path: string, body: unknown, { method = "POST", etag = "" } = {}): Promise<T> {
  return call<T>(path, { method, body, headers: etag === "" ? {} : { "If-Match": etag } });
}

export function remove(path: string): Promise<void> {
  return call(path, { method: "DELETE" });
}
