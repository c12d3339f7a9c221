import "../styles/viz.css";
import "../styles/admin.css";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { components } from "../api/schema.gen";
import { api, call, type Run, type RunStep } from "../api/client";
import { bytes, number } from "../lib/format";
import { ago, duration, formatTime } from "../lib/time";
import { browserZone } from "../explorer/state";
import { Link, navigate, splitLocation, useLocation } from "../router";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { Icon } from "../ui/icons";

type Integration = components["schemas"]["Integration"];
type Connection = components["schemas"]["Connection"];
type TestStep = components["schemas"]["TestStep"];

const own = "/ledgerline/v1";

export default function Integrations() {
  const { segments, params } = splitLocation(useLocation());
  const tab = segments[1] ?? "overview";
  return (
    <>
      <header className="page-head">
        <h1>Integrations</h1>
      </header>
      <nav className="tabs page-tabs" aria-label="Integrations">
        {[["overview", "Integrations"], ["runs", "Runs"], ["connections", "Connections"], ["quarantine", "Quarantine"]].map(([id, name]) => (
          <Link key={id} to={"/integrations/" + id} aria-current={tab === id ? "page" : undefined}>{name}</Link>
        ))}
      </nav>
      <div className="page-body">
        {tab === "runs" ? <Runs integration={params.get("integration") ?? ""} open={Number(params.get("run") ?? 0)} /> : tab === "connections" ? <Connections /> : tab === "quarantine" ? <Quarantine /> : <Overview />}
      </div>
    </>
  );
}

const useIntegrations = () => useQuery({ queryKey: ["integrations"], queryFn: () => call<{ items: Integration[] }>(own + "/integrations").then((r) => r.items), refetchInterval: 3000 });

function State({ state }: { state: string }) {
  const kind = state === "succeeded" ? "good" : state === "failed" ? "bad" : state === "running" ? "accent" : "warn";
  return <span className={"tag " + kind}>{state}</span>;
}

function Overview() {
  const client = useQueryClient();
  const list = useIntegrations();
  const run = useMutation({ mutationFn: (name: string) => call(`${own}/integrations/${encodeURIComponent(name)}/actions/run`, { method: "POST" }), onSettled: () => client.invalidateQueries({ queryKey: ["integrations"] }) });
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (list.data.length === 0) return <Empty title="No integrations">They are described in the configuration under integrations; docs/example.yaml has one of each kind.</Empty>;
  return (
    <>
      {run.isError && <ErrorNotice error={run.error} />}
      <div className="integration-list">
        {list.data.map((in_) => (
          <section key={in_.name} className="card integration" aria-label={in_.name}>
            <header>
              <h2>{in_.name}</h2>
              {in_.lastRun && <State state={in_.lastRun.state} />}
              <Button small icon="play" disabled={run.isPending} onClick={() => run.mutate(in_.name)} aria-label={`Run ${in_.name} now`}>Run now</Button>
            </header>
            <div className="body">
              <dl className="facts">
                <div><dt>Kind</dt><dd>{in_.kind}</dd></div>
                <div><dt>Connection</dt><dd>{in_.connection || "none"}</dd></div>
                <div><dt>Runs every</dt><dd>{duration(in_.everySeconds * 1000)}</dd></div>
                <div><dt>Last run</dt><dd>{in_.lastRun ? <Link to={`/integrations/runs?integration=${encodeURIComponent(in_.name)}`}>{ago(Date.parse(in_.lastRun.started), Date.now())}</Link> : "never"}</dd></div>
                <div><dt>Gaps</dt><dd className={in_.gaps > 0 ? "bad-text" : ""}>{in_.gaps === 0 ? "none known" : number(in_.gaps)}</dd></div>
              </dl>
              {in_.lastRun?.firstError && <div className="notice bad"><pre>{in_.lastRun.firstError}</pre></div>}
              <div className="pipe" aria-label="The way of its records">
                <span>{in_.connection || in_.kind}</span>
                {in_.lastRun?.steps.map((s, i) => (
                  <span key={i} className={"pipe-step " + s.state}>
                    <Icon name="right" size={12} /> {s.name} <b>{mainCount(s)}</b>
                  </span>
                ))}
              </div>
              {in_.sinks.length > 0 && <p className="muted wrap">to {in_.sinks.join(", ")}</p>}
            </div>
          </section>
        ))}
      </div>
    </>
  );
}

function mainCount(s: RunStep): string {
  const n = s.counts["new"] ?? s.counts["records"];
  return n === undefined ? "" : number(n);
}

function Runs({ integration, open }: { integration: string; open: number }) {
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
        <span className="muted">the last {number(list.data.length)}</span>
      </div>
      {runs.length === 0 ? <Empty title="No runs">{list.data.length > 0 ? "The last runs found nothing new." : "Nothing has run yet."}</Empty> : (
        <div className="card scroll-x">
          <table className="data runs">
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
        <td className="nowrap">{formatTime(Date.parse(run.started), browserZone, "second")}</td>
        <td>{run.integration}<div className="muted">{run.trigger}</div></td>
        <td><State state={run.state} /></td>
        <td className="num">{maybe(countOf(run, "fetch", "new"))}</td>
        <td className="num">{maybe(countOf(run, "fetch", "duplicates"))}</td>
        <td className="num">{maybe(countOf(run, "stage", "files"))}</td>
        <td className="num nowrap">{took(run.started, run.ended)}</td>
        <td className="wrap">{run.firstError}</td>
      </tr>
      {open && (
        <tr className="steps">
          <td />
          <td colSpan={8}>
            <ol>
              {run.steps.map((s, i) => (
                <li key={i}>
                  <div className="row"><strong>{s.name}</strong><State state={s.state} /><span className="muted">{took(s.started, s.ended)}</span><span className="muted wrap">{s.target}</span></div>
                  <div className="counts-row">{Object.entries(s.counts).map(([k, v]) => <span key={k} data-count={k} data-value={v}><b>{k === "bytes" ? bytes(v) : number(v)}</b> {k === "bytes" ? "" : k}</span>)}</div>
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

function Connections() {
  const list = useQuery({ queryKey: ["connections"], queryFn: () => call<{ items: Connection[] }>(own + "/connections").then((r) => r.items) });
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (list.data.length === 0) return <Empty title="No connections">They are described in the configuration under connections.</Empty>;
  return <div className="integration-list">{list.data.map((c) => <ConnectionCard key={c.name} connection={c} />)}</div>;
}

function ConnectionCard({ connection: c }: { connection: Connection }) {
  const test = useMutation({ mutationFn: () => call<{ steps: TestStep[] }>(`${own}/connections/${encodeURIComponent(c.name)}/actions/test`, { method: "POST" }).then((r) => r.steps) });
  return (
    <section className="card" aria-label={c.name}>
      <header>
        <h2>{c.name}</h2>
        <span className="tag">{c.type}</span>
        <Button small icon="check" disabled={test.isPending} onClick={() => test.mutate()} aria-label={`Test ${c.name}`}>Test</Button>
      </header>
      <div className="body">
        <p className="mono wrap">{c.target}</p>
        {test.isPending && <Spinner label="Testing" />}
        {test.isError && <ErrorNotice error={test.error} />}
        {test.data && (
          <ul className="probes">
            {test.data.map((s, i) => (
              <li key={i} className={s.ok ? "ok" : "failed"}>
                <Icon name={s.ok ? "check" : "close"} />
                <div><strong>{s.name}</strong> <span className="wrap">{s.detail}</span>{s.hint && <pre className="code">{s.hint}</pre>}</div>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

type Refused = components["schemas"]["Quarantined"];

function Quarantine() {
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["quarantine"], queryFn: () => call<{ items: Refused[] }>(own + "/quarantine").then((r) => r.items) });
  const retry = useMutation({ mutationFn: (q: Refused) => call(own + "/quarantine/actions/retry", { method: "POST", body: { file: q.file, sink: q.sink } }), onSettled: () => client.invalidateQueries({ queryKey: ["quarantine"] }) });
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} />;
  if (list.data.length === 0) return <Empty title="Nothing is in quarantine">What a sink refuses for good is kept here, to be given to it again.</Empty>;
  return (
    <div className="card scroll-x">
      <table className="data">
        <thead><tr><th>File</th><th>Integration</th><th className="num">Records</th><th>Sink</th><th>Reason</th><th /></tr></thead>
        <tbody>
          {list.data.map((q) => (
            <tr key={q.file + q.sink}><td className="wrap">{q.name}</td><td>{q.integration}</td><td className="num">{number(q.records)}</td><td className="wrap">{q.sink}</td><td className="wrap">{q.reason}</td><td><Button small onClick={() => retry.mutate(q)}>Try again</Button></td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
