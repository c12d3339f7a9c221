import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Run } from "../api/client";
import { browserZone } from "../explorer/state";
import { bytes, number } from "../lib/format";
import { duration, formatTime } from "../lib/time";
import { navigate } from "../router";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { sinkText } from "./sinks";
import { State } from "./State";
import { useIntegrations } from "./useIntegrations";

/** Runs lists runs, newest first; one unfolds to its steps. */
export function Runs({ integration, open }: { integration: string; open: number }) {
  const integrations = useIntegrations();
  const list = useQuery({ queryKey: ["runs", integration], queryFn: () => api.runs(integration), refetchInterval: 3000 });
  const [shown, setShown] = useState<number>(open);
  const [busy, setBusy] = useState(true);
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  const runs = list.data.filter((r) => !busy || r.state !== "succeeded" || worked(r) || r.id === shown);
  return (
    <>
      <div className="row">
        <label className="row">Integration
          <select className="select" value={integration} onChange={(e) => navigate(e.target.value === "" ? "/integrations/runs" : `/integrations/runs?integration=${encodeURIComponent(e.target.value)}`)}>
            <option value="">All</option>
            {(integrations.data ?? []).map((i) => <option key={i.name}>{i.name}</option>)}
          </select>
        </label>
        <label className="row"><input type="checkbox" checked={busy} onChange={(e) => setBusy(e.target.checked)} /> Only runs that did something</label>
        <span className="muted">of the last {number(list.data.length)}</span>
      </div>
      {runs.length === 0 ? <Empty title="No runs">{list.data.length > 0 ? "The last runs found nothing new." : "Nothing has run yet."}</Empty> : (
        <div className="card scroll-x">
          <table className="data stacked runs">
            <thead><tr><th /><th>Started</th><th>Integration</th><th>State</th><th className="num">New</th><th className="num">Duplicates</th><th className="num">Files</th><th className="num">Took</th><th>First error</th></tr></thead>
            <tbody>
              {runs.map((r) => <RunRows key={r.id} run={r} open={shown === r.id} toggle={() => setShown(shown === r.id ? 0 : r.id)} />)}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function worked(r: Run): boolean {
  return r.steps.some((s) => (s.counts["new"] ?? 0) > 0 || (s.name !== "fetch" && (s.counts["records"] ?? 0) > 0));
}

const countOf = (r: Run, step: string, name: string) => r.steps.find((s) => s.name === step)?.counts[name];
const took = (a?: string, b?: string) => (a && b ? duration(Date.parse(b) - Date.parse(a)) : "");

function RunRows({ run, open, toggle }: { run: Run; open: boolean; toggle: () => void }) {
  return (
    <>
      <tr data-run={run.id}>
        <td><Button kind="quiet" small icon={open ? "down" : "right"} aria-expanded={open} label={`Steps of run ${run.id}`} onClick={toggle} /></td>
        <td className="nowrap" data-th="Started">{formatTime(Date.parse(run.started), browserZone, "second")}</td>
        <td data-th="Integration"><div>{run.integration}<div className="muted">{run.trigger}</div></div></td>
        <td data-th="State"><State state={run.state} /></td>
        <td className="num" data-th="New">{maybe(countOf(run, "fetch", "new"))}</td>
        <td className="num" data-th="Duplicates">{maybe(countOf(run, "fetch", "duplicates"))}</td>
        <td className="num" data-th="Files">{maybe(countOf(run, "stage", "files"))}</td>
        <td className="num nowrap" data-th="Took">{took(run.started, run.ended)}</td>
        <td className="wrap" data-th="First error">{run.firstError}</td>
      </tr>
      {open && (
        <tr className="steps">
          <td />
          <td colSpan={8}>
            <ol>
              {run.steps.map((s, i) => (
                <li key={i}>
                  <div className="row"><strong>{s.name}</strong><State state={s.state} /><span className="muted">{took(s.started, s.ended)}</span><span className="muted wrap" title={s.target}>{s.target && sinkText(s.target)}</span></div>
                  <div className="counts-row">{Object.entries(s.counts).map(([k, v]) => <span key={k} data-count={k} data-value={v}><b>{k === "bytes" ? bytes(v) : number(v)}</b> {k === "bytes" ? "" : v === 1 ? k.replace(/s$/, "") : k}</span>)}</div>
                  {s.note && <p className="muted">{s.note}</p>}
                  {s.error && <div className="notice bad"><pre>{s.error}</pre></div>}
                </li>
              ))}
            </ol>
          </td>
        </tr>
      )}
    </>
  );
}

const maybe = (n: number | undefined) => (n === undefined ? "" : number(n));
