import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { call, send } from "../api/client";
import { plural } from "../lib/format";
import { formatTime } from "../lib/time";
import { browserZone } from "../explorer/state";
import { Link, navigate } from "../router";
import { useContent, useStatus } from "../session/session";
import { Button, Empty, ErrorNotice, save, Spinner } from "../ui/controls";
import { Text } from "../ui/Text";
import { remove } from "./oci";

type FieldMap = { parserFieldSequence?: number; parserFieldName?: string; structuredColumnInfo?: string; field?: { name: string; displayName?: string; dataType?: string } };
type Parser = { name: string; displayName?: string; description?: string; type?: string; content?: string; headerContent?: string; exampleContent?: string; fieldDelimiter?: string; fieldQualifier?: string; encoding?: string; language?: string; isSingleLineContent?: boolean; isSystem?: boolean; fieldMaps?: FieldMap[] };
type Entry = { logEntry: string; matchStatus: string; fields: Record<string, string>; fieldNameValueMap: Record<string, string>; timestampEpochMillisec: number };
type Trial = { entries: Entry[]; namedCaptureGroups: string[]; violations: { ruleName: string; ruleType: string; ruleDescription: string }[] };

const blank: Parser = { name: "", type: "REGEX", content: "", exampleContent: "", encoding: "UTF-8", language: "en_US", isSingleLineContent: true, fieldMaps: [] };
const TYPES = ["REGEX", "JSON", "XML", "DELIMITED"];

/** Workbench shows what a parser makes of a text while both are changed, and saves the parser. */
export function Workbench({ name }: { name: string }) {
  const client = useQueryClient();
  const status = useStatus();
  const content = useContent();
  const ns = status.data?.namespace;
  const at = `/20200601/namespaces/${encodeURIComponent(ns ?? "")}/parsers`;
  const there = useQuery({ queryKey: ["parser", name], enabled: name !== "" && ns !== undefined, queryFn: () => call<Parser>(`${at}/${encodeURIComponent(name)}`) });
  const [p, setP] = useState<Parser>(blank);
  const [copied, setCopied] = useState(false);
  const found = there.data;
  useEffect(() => {
    if (!found) return;
    // What is built in is not changed: a copy under another name is.
    setCopied(found.isSystem === true);
    setP(found.isSystem ? { ...found, name: `${found.name} Copy`, displayName: `${found.displayName ?? found.name} Copy`, isSystem: false } : found);
  }, [found]);
  const [settled, setSettled] = useState(p);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(p), 400);
    return () => clearTimeout(timer);
  }, [p]);
  const trial = useQuery({
    queryKey: ["trial", settled],
    enabled: ns !== undefined && (settled.exampleContent ?? "") !== "",
    retry: false,
    queryFn: ({ signal }) => call<Trial>(`${at}/actions/test?scope=LOG_ENTRIES`, { method: "POST", body: body(settled), signal }),
  });
  const put = useMutation({
    mutationFn: () => call(`${at}/actions/upsert`, { method: "POST", body: body(p) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["content"] });
      await client.invalidateQueries({ queryKey: ["parser"] });
      navigate("/admin/parsers/" + encodeURIComponent(p.name), { replace: true });
    },
  });
  const drop = useMutation({
    mutationFn: () => remove(`${at}/${encodeURIComponent(p.name)}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["content"] });
      navigate("/admin/parsers");
    },
  });
  const zip = useMutation({
    mutationFn: async () => {
      const answer = await send("/ledgerline/v1/content/actions/export", { method: "POST", body: { parserNames: [p.name] } });
      save(p.name.replace(/[^\w.-]+/g, "_") + ".zip", await answer.blob());
    },
  });
  const set = (patch: Partial<Parser>) => setP({ ...p, ...patch });
  if (status.isError) return <ErrorNotice error={status.error} retry={() => void status.refetch()} />;
  if (name !== "" && there.isPending) return <Empty title=""><Spinner /></Empty>;
  if (there.isError) return <ErrorNotice error={there.error} retry={() => void there.refetch()} />;
  const known = content.data?.parsers.some((x) => x.name === p.name && !x.isSystem) ?? false;
  return (
    <div className="workbench">
      <section className="card" aria-label="Parser">
        <header>
          <Link to="/admin/parsers" className="muted">Parsers</Link>
          <h2>{p.displayName || p.name || "New parser"}</h2>
          {known && <Button small kind="danger" icon="trash" disabled={drop.isPending} onClick={() => window.confirm(`Delete the parser ${p.displayName ?? p.name}?`) && drop.mutate()}>Delete</Button>}
          <Button small icon="download" disabled={!known} title={known ? "Oracle's content ZIP" : "Save it first"} onClick={() => zip.mutate()}>Export ZIP</Button>
          <Button small kind="primary" icon="check" disabled={p.name.trim() === "" || put.isPending} onClick={() => put.mutate()}>Save</Button>
        </header>
        <div className="body stack">
          {copied && <p className="muted">{found?.displayName} is built in and stays as it is; this is a copy of it.</p>}
          {put.isError && <ErrorNotice error={put.error} />}
          {put.isSuccess && <div className="notice good" role="status">Saved.</div>}
          {(zip.isError || drop.isError) && <ErrorNotice error={zip.error ?? drop.error} />}
          <div className="row wide-row">
            <label className="field grow"><span>Name</span><input className="input" value={p.name} onChange={(e) => set({ name: e.target.value, displayName: e.target.value })} /></label>
            <label className="field"><span>Type</span><select className="select" value={p.type} onChange={(e) => set({ type: e.target.value })}>{TYPES.map((t) => <option key={t}>{t}</option>)}{p.type && !TYPES.includes(p.type) && <option>{p.type}</option>}</select></label>
          </div>
          {(p.type === "JSON" || p.type === "XML") ? (
            <label className="field"><span>Path of a record</span><input className="input mono" value={p.headerContent ?? ""} placeholder={p.type === "JSON" ? "$.items[*]:0" : "/log/record"} onChange={(e) => set({ headerContent: e.target.value })} /></label>
          ) : p.type === "DELIMITED" ? (
            <div className="row">
              <label className="field"><span>Delimiter</span><input className="input mono" value={p.fieldDelimiter ?? ","} onChange={(e) => set({ fieldDelimiter: e.target.value })} /></label>
              <label className="field"><span>Quote</span><input className="input mono" value={p.fieldQualifier ?? '"'} onChange={(e) => set({ fieldQualifier: e.target.value })} /></label>
            </div>
          ) : (
            <label className="field"><span>Expression; {"{TIMEDATE}"} stands for a time</span><textarea className="textarea mono" rows={4} spellCheck={false} value={p.content ?? ""} placeholder="{TIMEDATE}\s(\w+)\s(.*)" onChange={(e) => set({ content: e.target.value })} /></label>
          )}
          <FieldMaps parser={p} fields={content.data?.fields ?? []} onChange={(fieldMaps) => set({ fieldMaps })} />
          <label className="field"><span>Example</span><textarea className="textarea mono" rows={9} spellCheck={false} value={p.exampleContent ?? ""} placeholder="Paste some lines of the log here" onChange={(e) => set({ exampleContent: e.target.value })} /></label>
        </div>
      </section>
      <section className="card result-card" aria-label="What the parser makes of it">
        <header><h2>What it makes of the example</h2>{trial.isFetching && <Spinner />}{trial.data && <span className="tag accent" data-entries={trial.data.entries.length}>{plural(trial.data.entries.length, "record")}</span>}</header>
        <div className="body stack">
          {trial.isError && <ErrorNotice error={trial.error} />}
          {!p.exampleContent && <Empty title="Nothing yet">Paste an example: what the parser makes of it is shown while you type.</Empty>}
          {trial.data?.violations.map((v, i) => <div key={i} className={"notice " + (v.ruleType === "ERROR" ? "bad" : "warn")}>{v.ruleDescription}</div>)}
          {trial.data?.entries.slice(0, 50).map((e, i) => (
            <article key={i} className="entry">
              <div className="row"><span className="tag">{i + 1}</span>{e.timestampEpochMillisec > 0 && <span className="mono">{formatTime(e.timestampEpochMillisec, browserZone)}</span>}<span className={"tag " + (e.matchStatus === "MATCH" ? "good" : "warn")}>{e.matchStatus === "MATCH" ? "fits" : e.matchStatus.toLowerCase()}</span></div>
              <dl className="entry-fields">
                {Object.entries(e.fieldNameValueMap ?? {}).map(([k, v]) => <div key={k}><dt>{content.data?.fields.find((f) => f.name === k)?.displayName ?? k}</dt><dd><Text value={v} limit={400} /></dd></div>)}
              </dl>
              <pre className="muted clamp3"><Text value={e.logEntry} limit={400} /></pre>
            </article>
          ))}
        </div>
      </section>
    </div>
  );
}

// Only what a parser is made of is sent, not what the server added to it.
function body(p: Parser): Parser {
  return {
    name: p.name.trim() || "test", displayName: p.displayName?.trim() || p.name.trim() || "test", description: p.description ?? "", type: p.type, content: p.content ?? "", headerContent: p.headerContent ?? "", exampleContent: p.exampleContent ?? "",
    fieldDelimiter: p.fieldDelimiter ?? "", fieldQualifier: p.fieldQualifier ?? "", encoding: p.encoding, language: p.language, isSingleLineContent: p.isSingleLineContent ?? false,
    fieldMaps: (p.fieldMaps ?? []).map((m, i) => ({ parserFieldSequence: m.parserFieldSequence ?? i + 1, parserFieldName: m.parserFieldName, structuredColumnInfo: m.structuredColumnInfo, field: m.field && { name: m.field.name } })),
  };
}

function FieldMaps({ parser, fields, onChange }: { parser: Parser; fields: { name: string; displayName?: string }[]; onChange: (m: FieldMap[]) => void }) {
  const maps = parser.fieldMaps ?? [];
  const structured = parser.type === "JSON" || parser.type === "XML";
  const set = (i: number, patch: FieldMap) => onChange(maps.map((m, j) => (j === i ? { ...m, ...patch } : m)));
  return (
    <div className="field">
      <span>Fields</span>
      <table className="data maps">
        <thead><tr><th>{structured ? "Path" : "Part"}</th><th>Field</th><th /></tr></thead>
        <tbody>
          {maps.map((m, i) => (
            <tr key={i}>
              <td>{structured ? <input className="input mono" aria-label={`Path ${i + 1}`} value={m.structuredColumnInfo ?? ""} onChange={(e) => set(i, { structuredColumnInfo: e.target.value })} /> : <span className="num">{m.parserFieldSequence ?? i + 1}</span>}</td>
              <td>
                <select className="select" aria-label={`Field ${i + 1}`} value={m.field?.name ?? ""} onChange={(e) => set(i, { field: { name: e.target.value } })}>
                  <option value="">choose…</option>
                  {fields.map((f) => <option key={f.name} value={f.name}>{f.displayName ?? f.name}</option>)}
                </select>
              </td>
              <td><Button kind="quiet" small icon="trash" label={`Remove field ${i + 1}`} onClick={() => onChange(maps.filter((_, j) => j !== i))} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      <div><Button small icon="plus" onClick={() => onChange([...maps, { parserFieldSequence: maps.length + 1 }])}>Add a field</Button></div>
    </div>
  );
}
