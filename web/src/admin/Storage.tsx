import { useMutation, useQuery } from "@tanstack/react-query";
import { call } from "../api/client";
import type { components } from "../api/schema.gen";
import { exploreHref } from "../explorer/state";
import { bytes, number, plural } from "../lib/format";
import { quote } from "../lib/querytext";
import { ago } from "../lib/time";
import { Link } from "../router";
import { useStatus } from "../session/session";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";

type Stored = components["schemas"]["Stored"];
const own = "/ledgerline/v1";

const kept = (days: number) => (days === 0 ? "ever" : days < 2 ? plural(Math.round(days * 24), "hour") : plural(Math.round(days), "day"));

/** Storage shows how much is kept of each log source, for how long, and proves that it is whole. */
export function Storage() {
  const status = useStatus();
  const stored = useQuery({ queryKey: ["stored"], queryFn: () => call<{ items: Stored[] }>(own + "/store/sources").then((r) => r.items) });
  type Report = { ok: boolean; segments: number; records: number; entries: number; head: string; problems: string[] };
  const verify = useMutation({ mutationFn: () => call<Report>(own + "/store/verify", { method: "POST" }) });
  if (status.isPending || stored.isPending) return <Empty title=""><Spinner /></Empty>;
  if (status.isError) return <ErrorNotice error={status.error} retry={() => void status.refetch()} />;
  if (stored.isError) return <ErrorNotice error={stored.error} retry={() => void stored.refetch()} />;
  const s = status.data;
  const total = stored.data.reduce((n, x) => n + x.bytes, 0);
  return (
    <>
      <div className="cards">
        {[["Records", number(s.records)], ["On disk", bytes(s.bytes)], ["Segments", number(s.segments)], ["Started", ago(Date.parse(s.started), Date.parse(s.time))]].map(([label, value]) => (
          <div key={label} className="card stat"><div className="label">{label}</div><div className="value">{value}</div></div>
        ))}
      </div>
      <section className="card scroll-x" aria-label="By log source">
        <header><h2>By log source</h2></header>
        {stored.data.length === 0 ? <Empty title="Nothing is stored yet" /> : (
          <table className="data stacked">
            <thead><tr><th className="name">Log source</th><th className="num">Records</th><th className="num">Size</th><th className="num">Share</th><th className="num">Segments</th><th>From</th><th>To</th><th className="num">Kept for</th></tr></thead>
            <tbody>
              {stored.data.map((x) => (
                <tr key={x.source} data-source={x.source} data-records={x.records}>
                  <td data-th="Log source"><Link to={exploreHref(`'Log Source' = ${quote(x.source)}`, { last: "30d" })}>{x.source}</Link></td>
                  <td className="num" data-th="Records">{number(x.records)}</td><td className="num" data-th="Size">{bytes(x.bytes)}</td><td className="num" data-th="Share">{Math.round((x.bytes / Math.max(1, total)) * 100)} %</td><td className="num" data-th="Segments">{number(x.segments)}</td>
                  <td className="nowrap" data-th="From">{x.first?.slice(0, 10)}</td><td className="nowrap" data-th="To">{x.last?.slice(0, 10)}</td><td className="num nowrap" data-th="Kept for">{kept(x.keptDays)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <p className="muted pad">How long records are kept is set under <code>server.retention</code> in the configuration, for all log sources or one. Whole days go at once; the journal notes them.</p>
      </section>
      <section className="card" aria-label="Integrity">
        <header><h2>Integrity</h2><Button icon="check" disabled={verify.isPending} onClick={() => verify.mutate()}>Verify the store</Button></header>
        <div className="body stack">
          <p>Compares every segment with the manifest, and the journal of changes with its chain of hashes.</p>
          {verify.isPending && <Spinner label="Verifying" />}
          {verify.isError && <ErrorNotice error={verify.error} />}
          {verify.data && (
            <div className={"notice " + (verify.data.ok ? "good" : "bad")} role="status">
              <strong>{verify.data.ok ? "Everything agrees" : "The store is damaged"}</strong>
              <span>{number(verify.data.records)} records in {number(verify.data.segments)} segments, {number(verify.data.entries)} journal entries</span>
              <code className="wrap">{verify.data.head}</code>
              {verify.data.problems.map((p) => <span key={p}>{p}</span>)}
            </div>
          )}
        </div>
      </section>
      <p className="muted">Ledgerline {s.version}, namespace {s.namespace}, tenancy <span className="mono wrap">{s.tenancy}</span></p>
    </>
  );
}
