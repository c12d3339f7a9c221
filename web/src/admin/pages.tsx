import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import type { components } from "../api/schema.gen";
import { call } from "../api/client";
import { bytes, number } from "../lib/format";
import { ago, formatTime } from "../lib/time";
import { browserZone, exploreHref } from "../explorer/state";
import { Link } from "../router";
import { useStatus } from "../session/session";
import { Button, Dialog, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { visible } from "../ui/Text";
import { quote } from "../lib/querytext";

type Schemas = components["schemas"];
const own = "/ledgerline/v1";

const when = (t: string | undefined) => (t ? formatTime(Date.parse(t), browserZone, "second") : "");

export function Storage() {
  const status = useStatus();
  const stored = useQuery({ queryKey: ["stored"], queryFn: () => call<{ items: Schemas["Stored"][] }>(own + "/store/sources").then((r) => r.items) });
  type Report = { ok: boolean; segments: number; records: number; entries: number; head: string; problems: string[] };
  const verify = useMutation({ mutationFn: () => call<Report>(own + "/store/verify", { method: "POST" }) });
  if (status.isPending || stored.isPending) return <Empty title=""><Spinner /></Empty>;
  if (status.isError) return <ErrorNotice error={status.error} />;
  if (stored.isError) return <ErrorNotice error={stored.error} />;
  const s = status.data;
  const total = stored.data.reduce((n, x) => n + x.bytes, 0);
  return (
    <>
      <div className="cards">
        {[["Records", number(s.records)], ["On disk", bytes(s.bytes)], ["Segments", number(s.segments)], ["Running since", ago(Date.parse(s.started), Date.parse(s.time))]].map(([label, value]) => (
          <div key={label} className="card stat"><div className="label">{label}</div><div className="value">{value}</div></div>
        ))}
      </div>
      <section className="card scroll-x" aria-label="By log source">
        <header><h2>By log source</h2></header>
        {stored.data.length === 0 ? <Empty title="Nothing is stored yet" /> : (
          <table className="data">
            <thead><tr><th>Log source</th><th className="num">Records</th><th className="num">Size</th><th className="num">Share</th><th className="num">Segments</th><th>From</th><th>To</th></tr></thead>
            <tbody>
              {stored.data.map((x) => (
                <tr key={x.source} data-source={x.source} data-records={x.records}>
                  <td><Link to={exploreHref(`'Log Source' = ${quote(x.source)}`, { last: "30d" })}>{x.source}</Link></td>
                  <td className="num">{number(x.records)}</td><td className="num">{bytes(x.bytes)}</td><td className="num">{Math.round((x.bytes / Math.max(1, total)) * 100)} %</td><td className="num">{number(x.segments)}</td>
                  <td>{x.first?.slice(0, 10)}</td><td>{x.last?.slice(0, 10)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      <section className="card" aria-label="Integrity">
        <header><h2>Integrity</h2><Button icon="check" disabled={verify.isPending} onClick={() => verify.mutate()}>Verify the store</Button></header>
        <div className="body stack">
          <p>Compares every segment with the manifest, and the journal of changes with its chain of hashes. How long records are kept is set under <code>server.retention</code> in the configuration.</p>
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

export function LogGroups() {
  const client = useQueryClient();
  const status = useStatus();
  const [making, setMaking] = useState(false);
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const tenancy = status.data?.tenancy ?? "";
  const list = useQuery({ queryKey: ["log groups", tenancy], enabled: tenancy !== "", queryFn: () => call<{ items: Schemas["LogGroup"][] }>(`${own}/log-groups?limit=1000&compartmentId=${encodeURIComponent(tenancy)}`).then((r) => r.items) });
  const make = useMutation({
    mutationFn: () => call(own + "/log-groups", { method: "POST", body: { displayName: name.trim(), description, compartmentId: tenancy } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["log groups"] });
      setMaking(false);
      setName("");
    },
  });
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} />;
  return (
    <>
      <div className="row"><span className="grow" /><Button kind="primary" icon="plus" onClick={() => setMaking(true)}>New log group</Button></div>
      <div className="card scroll-x">
        <table className="data">
          <thead><tr><th>Name</th><th>Description</th><th>OCID</th><th>Created</th></tr></thead>
          <tbody>{list.data.map((g) => <tr key={g.id}><td><strong>{g.displayName}</strong></td><td>{g.description}</td><td className="mono wrap">{g.id}</td><td className="nowrap">{when(g.timeCreated)}</td></tr>)}</tbody>
        </table>
      </div>
      {making && (
        <Dialog title="New log group" close={() => setMaking(false)} footer={<Button kind="primary" disabled={name.trim() === "" || make.isPending} onClick={() => make.mutate()}>Create</Button>}>
          <label className="field"><span>Name</span><input className="input" value={name} onChange={(e) => setName(e.target.value)} /></label>
          <label className="field"><span>Description</span><input className="input" value={description} onChange={(e) => setDescription(e.target.value)} /></label>
          {make.isError && <ErrorNotice error={make.error} />}
        </Dialog>
      )}
    </>
  );
}

export function Uploads() {
  const list = useQuery({ queryKey: ["uploads"], queryFn: () => call<{ items: Schemas["Upload"][] }>(own + "/uploads?limit=200").then((r) => r.items), refetchInterval: 5000 });
  const [open, setOpen] = useState<string>();
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} />;
  if (list.data.length === 0) return <Empty title="No uploads yet" />;
  return (
    <div className="card scroll-x">
      <table className="data">
        <thead><tr><th /><th>Name</th><th>Changed</th><th>Earliest record</th><th>Latest record</th><th className="num">Warnings</th></tr></thead>
        <tbody>
          {list.data.map((u) => (
            <Fragment key={u.reference}>
              <tr>
                <td><Button kind="quiet" small icon={open === u.reference ? "down" : "right"} aria-expanded={open === u.reference} label={`Files of ${u.name}`} onClick={() => setOpen(open === u.reference ? undefined : u.reference)} /></td>
                <td><Link to={exploreHref(`'Upload Name' = ${quote(u.name)}`, { last: "30d" })}>{visible(u.name)}</Link></td>
                <td className="nowrap">{when(u.timeUpdated)}</td><td className="nowrap">{when(u.timeEarliestLogEntry)}</td><td className="nowrap">{when(u.timeLatestLogEntry)}</td>
                <td className="num">{u.warningsCount ? <span className="tag warn">{number(u.warningsCount)}</span> : 0}</td>
              </tr>
              {open === u.reference && <tr><td /><td colSpan={5}><UploadDetail reference={u.reference} /></td></tr>}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type UploadFile = { reference: string; name: string; status: string; timeStarted?: string; sourceName: string; logGroupName?: string; failureDetails?: string; records: number; bytes: number; warnings: number };
type Warning = { fileName: string; errorMessage: string; count: number; example?: string };

function UploadDetail({ reference }: { reference: string }) {
  const at = `${own}/uploads/${encodeURIComponent(reference)}`;
  const files = useQuery({ queryKey: ["upload files", reference], queryFn: () => call<{ items: UploadFile[] }>(at + "/files?limit=100").then((r) => r.items) });
  const warnings = useQuery({ queryKey: ["upload warnings", reference], queryFn: () => call<{ items: Warning[] }>(at + "/warnings?limit=100").then((r) => r.items) });
  if (files.isPending) return <Spinner />;
  if (files.isError) return <ErrorNotice error={files.error} />;
  return (
    <div className="stack">
      {(warnings.data ?? []).map((w, i) => (
        <div key={i} className="notice warn"><strong>{w.errorMessage} ({number(w.count)})</strong><span className="muted">{visible(w.fileName)}</span>{w.example && <pre>{visible(w.example.slice(0, 400))}</pre>}</div>
      ))}
      <table className="data">
        <thead><tr><th>File</th><th>Log source</th><th>Log group</th><th>Status</th><th className="num">Records</th><th className="num">Size</th></tr></thead>
        <tbody>{files.data.map((f) => <tr key={f.reference}><td className="wrap">{visible(f.name)}</td><td>{f.sourceName}</td><td>{f.logGroupName}</td><td>{f.failureDetails || f.status.toLowerCase()}</td><td className="num">{number(f.records)}</td><td className="num">{bytes(f.bytes)}</td></tr>)}</tbody>
      </table>
    </div>
  );
}

type User = { id: string; name: string; description: string; groups: string[]; password: boolean; disabled: boolean; readOnly: boolean; keys: number; timeCreated?: string };
type Key = { fingerprint: string; keyId?: string; timeCreated?: string };

export function Users() {
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["users"], queryFn: () => call<{ items: User[] }>(own + "/users").then((r) => r.items) });
  const [open, setOpen] = useState<string>();
  const [making, setMaking] = useState(false);
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [admin, setAdmin] = useState(false);
  const make = useMutation({
    mutationFn: () => call(own + "/users", { method: "POST", body: { name: name.trim(), password, groups: admin ? ["Administrators"] : [] } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["users"] });
      setMaking(false);
      setPassword("");
      setName("");
    },
  });
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} />;
  return (
    <>
      <div className="row"><span className="grow" /><Button kind="primary" icon="plus" onClick={() => setMaking(true)}>New user</Button></div>
      <div className="card scroll-x">
        <table className="data">
          <thead><tr><th /><th>Name</th><th>Groups</th><th>Logs in with</th><th className="num">API keys</th><th>Created</th></tr></thead>
          <tbody>
            {list.data.map((u) => (
              <Fragment key={u.id}>
                <tr>
                  <td><Button kind="quiet" small icon={open === u.id ? "down" : "right"} aria-expanded={open === u.id} label={`Keys of ${u.name}`} onClick={() => setOpen(open === u.id ? undefined : u.id)} /></td>
                  <td><strong>{u.name}</strong> {u.disabled && <span className="tag bad">disabled</span>} {u.readOnly && <span className="tag">from the configuration</span>}<div className="muted mono wrap">{u.id}</div></td>
                  <td>{u.groups.join(", ")}</td><td>{u.password ? "password" : "API key only"}</td><td className="num">{u.keys}</td><td className="nowrap">{when(u.timeCreated)}</td>
                </tr>
                {open === u.id && <tr><td /><td colSpan={5}><Keys user={u.id} /></td></tr>}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      {making && (
        <Dialog title="New user" close={() => setMaking(false)} footer={<Button kind="primary" disabled={name.trim() === "" || make.isPending} onClick={() => make.mutate()}>Create</Button>}>
          <label className="field"><span>Name</span><input className="input" value={name} autoComplete="off" onChange={(e) => setName(e.target.value)} /></label>
          <label className="field"><span>Password (leave empty for a user who only signs calls)</span><input className="input" type="password" autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} /></label>
          <label className="row"><input type="checkbox" checked={admin} onChange={(e) => setAdmin(e.target.checked)} /> Administrator</label>
          {make.isError && <ErrorNotice error={make.error} />}
        </Dialog>
      )}
    </>
  );
}

function Keys({ user }: { user: string }) {
  const client = useQueryClient();
  const at = `${own}/users/${encodeURIComponent(user)}/keys`;
  const list = useQuery({ queryKey: ["keys", user], queryFn: () => call<{ items: Key[] }>(at).then((r) => r.items) });
  const [pem, setPem] = useState("");
  const done = () => client.invalidateQueries({ queryKey: ["keys", user] });
  const add = useMutation({ mutationFn: () => call(at, { method: "POST", body: { publicKey: pem } }), onSuccess: () => (setPem(""), done()) });
  const revoke = useMutation({ mutationFn: (fingerprint: string) => call(`${at}/${encodeURIComponent(fingerprint)}`, { method: "DELETE" }), onSuccess: done });
  if (list.isPending) return <Spinner />;
  if (list.isError) return <ErrorNotice error={list.error} />;
  return (
    <div className="stack">
      {list.data.length === 0 && <p className="muted">No API keys.</p>}
      {list.data.map((k) => <div key={k.fingerprint} className="row"><code>{k.fingerprint}</code><span className="muted">{when(k.timeCreated)}</span><Button small kind="danger" onClick={() => window.confirm("Revoke this key? Calls signed with it are refused at once.") && revoke.mutate(k.fingerprint)}>Revoke</Button></div>)}
      <label className="field"><span>Add a public key (PEM)</span><textarea className="textarea mono" rows={3} value={pem} onChange={(e) => setPem(e.target.value)} placeholder="-----BEGIN PUBLIC KEY-----" /></label>
      <div><Button small disabled={pem.trim() === "" || add.isPending} onClick={() => add.mutate()}>Add the key</Button></div>
      {(add.isError || revoke.isError) && <ErrorNotice error={add.error ?? revoke.error} />}
    </div>
  );
}
