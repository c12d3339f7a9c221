import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Explanation, type QueryRequest } from "../api/client";
import { number } from "../lib/format";
import { duration } from "../lib/time";
import { Button, Dialog, ErrorNotice, Spinner } from "../ui/controls";

/** ExplainDialog shows how a query is answered: the plan, the SQL, and on demand what each step took. */
export function ExplainDialog({ request, close }: { request: QueryRequest; close: () => void }) {
  const [analyze, setAnalyze] = useState(false);
  const q = useQuery({ queryKey: ["explain", request, analyze], queryFn: ({ signal }) => api.explain({ ...request, analyze }, signal), retry: false });
  return (
    <Dialog title="How this query is answered" close={close} wide footer={<Button onClick={() => setAnalyze(true)} disabled={analyze} icon="play">Run it and measure each step</Button>}>
      {q.isPending ? <Spinner label={analyze ? "Running the query" : "Planning"} /> : q.isError ? <ErrorNotice error={q.error} /> : <Explained explanation={q.data} />}
    </Dialog>
  );
}

function Explained({ explanation }: { explanation: Explanation }) {
  const { plan, sql } = partsOf(explanation.plan);
  const steps = explanation.steps ?? [];
  return (
    <>
      {steps.length > 0 && (
        <table className="data">
          <thead><tr><th>Step</th><th className="num">Rows in</th><th className="num">Rows out</th><th className="num">Time</th></tr></thead>
          <tbody>
            {steps.map((s, i) => (
              <tr key={i}><td>{s.name}</td><td className="num">{counted(s.rowsIn)}</td><td className="num">{counted(s.rowsOut)}</td><td className="num">{duration(s.elapsedMs)}</td></tr>
            ))}
            <tr><td><strong>All</strong></td><td /><td /><td className="num"><strong>{duration(explanation.elapsedMs)}</strong></td></tr>
          </tbody>
        </table>
      )}
      <h3>Plan</h3>
      <p className="muted">From the bottom up: each line takes the rows of the line that is indented below it.</p>
      <pre className="code plan" tabIndex={0}>{plan}</pre>
      {sql !== "" && (
        <details>
          <summary>SQL for the engine</summary>
          <pre className="code" tabIndex={0}>{sql}</pre>
        </details>
      )}
    </>
  );
}

/** partsOf takes the text of an explanation apart. The steps that were measured come beside it, and are left out. */
export function partsOf(text: string): { plan: string; sql: string } {
  const sections = text.trimEnd().split("\n\n").filter((s) => !s.startsWith("step "));
  const sql = sections.findIndex((s) => /^(--|SELECT\b|WITH\b)/.test(s));
  const at = sql < 0 ? sections.length : sql;
  return { plan: sections.slice(0, at).join("\n\n"), sql: sections.slice(at).join("\n\n") };
}

const counted = (n: number | undefined) => (n === undefined ? "" : number(n));
