import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call, type RunStep } from "../api/client";
import { number } from "../lib/format";
import { ago, duration } from "../lib/time";
import { Link } from "../router";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { Icon } from "../ui/icons";
import { sinkText, stepName } from "./sinks";
import { State } from "./State";
import { own, useIntegrations } from "./useIntegrations";

/** Overview shows each integration: its schedule and state, the way of its records, and a button to run it. */
export function Overview() {
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
              <Button small icon="play" disabled={run.isPending} onClick={() => run.mutate(in_.name)} aria-label={`Run now: ${in_.name}`}>Run now</Button>
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
              <div className="pipe" role="group" aria-label="The way of its records">
                <span>{in_.connection || in_.kind}</span>
                {in_.lastRun?.steps.map((s, i) => (
                  <span key={i} className={"pipe-step " + s.state}>
                    <Icon name="right" size={12} /> {stepName(s)} <b>{mainCount(s)}</b>
                  </span>
                ))}
              </div>
              {in_.sinks.length > 0 && 
                <ul className="sinks" aria-label="Sinks">{in_.sinks.map((s) => <li key={s} className="wrap" title={s}>{sinkText(s)}</li>)}</ul>
              }
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
