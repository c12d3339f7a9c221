import type { RunStep } from "../api/client";

// Sinks are named by what they are and where they lead, such as local:<log group>/<log source>.

/** sinkText says where a sink leads. */
export function sinkText(sink: string): string {
  const [, kind = "", rest = ""] = /^(\w+):(.*)$/s.exec(sink) ?? [];
  const last = rest.slice(rest.lastIndexOf("/") + 1);
  switch (kind) {
    case "local":
      return `parsed here as ${last}`;
    case "upload":
      return `uploaded to ${rest.split("/")[0]} as ${last}`;
    case "archive":
      return `archived in ${rest}`;
  }
  return sink;
}

/** stepName tells steps of one kind apart by the log source they are for. */
export function stepName(s: RunStep): string {
  const source = s.target?.startsWith("local:") ? s.target.slice(s.target.lastIndexOf("/") + 1) : "";
  return source === "" ? s.name : `${s.name} ${source}`;
}
