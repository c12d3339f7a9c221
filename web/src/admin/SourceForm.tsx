import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Content } from "../api/client";
import { useContent } from "../session/session";
import { Button, Dialog, ErrorNotice, Spinner } from "../ui/controls";
import { FormDialog, TextField } from "./FormDialog";
import { change, fetched, remove, useNamespace } from "./oci";
import { ExtendedFields, LabelRules, type ExtendedField, type LabelRule } from "./SourceRules";

/** LogSource is a log source as the OCI API describes it; members that the form does not show go back as they came. */
type LogSource = {
  name: string; displayName: string; description?: string; typeName?: string; isSystem?: boolean; isSecureContent?: boolean;
  entityTypes?: { entityType: string }[]; patterns?: unknown[]; parsers?: { name: string }[]; labelConditions?: LabelRule[]; extendedFieldDefinitions?: ExtendedField[];
};

const blank: LogSource = { name: "", displayName: "", typeName: "os_file", entityTypes: [{ entityType: "omc_host_linux" }] };

/** sourceBody is what is sent of a log source. */
export function sourceBody(s: LogSource): LogSource {
  const { isSystem: _, ...rest } = s;
  return { ...rest, name: s.name || s.displayName.trim(), displayName: s.displayName.trim(), parsers: (s.parsers ?? []).map((p, i) => ({ name: p.name, parserSequence: i + 1 })) };
}

/** copyOf is a log source of one's own like one that is built in, which is not changed. */
export function copyOf(s: LogSource): LogSource {
  return { ...s, name: "", displayName: `${s.displayName} Copy`, isSystem: false };
}

/** SourceForm makes a log source, changes one, or makes a copy of one that is built in. */
export function SourceForm({ name, close }: { name?: string; close: () => void }) {
  const { at, tenancy } = useNamespace();
  const content = useContent();
  const there = useQuery({ queryKey: ["source", name], enabled: name !== undefined && at !== "", gcTime: 0, queryFn: () => fetched<LogSource>(`${at}/sources/${encodeURIComponent(name ?? "")}?compartmentId=${encodeURIComponent(tenancy)}`) });
  if (there.isError) return <Dialog title={name ?? ""} close={close}><ErrorNotice error={there.error} retry={() => void there.refetch()} /></Dialog>;
  if ((name !== undefined && there.isPending) || !content.data) return <Dialog title={name ?? "New log source"} close={close}><Spinner /></Dialog>;
  const found = there.data;
  if (!found) return <Form source={blank} etag="" content={content.data} close={close} />;
  return <Form source={found.item.isSystem ? copyOf(found.item) : found.item} etag={found.item.isSystem ? "" : found.etag} copied={found.item.isSystem ? found.item.displayName : undefined} content={content.data} close={close} />;
}

function Form({ source, etag, copied, content, close }: { source: LogSource; etag: string; copied?: string; content: Content; close: () => void }) {
  const client = useQueryClient();
  const { at } = useNamespace();
  const [s, setS] = useState(source);
  const [anyway, setAnyway] = useState(false);
  const set = (patch: Partial<LogSource>) => setS({ ...s, ...patch });
  const done = () => client.invalidateQueries({ queryKey: ["content"] });
  const parsers = s.parsers ?? [];
  const move = (i: number, by: number) => {
    const list = parsers.filter((_, j) => j !== i);
    list.splice(i + by, 0, parsers[i]!);
    set({ parsers: list });
  };
  const shown = (parser: string) => content.parsers.find((p) => p.name === parser)?.displayName ?? parser;
  return (
    <FormDialog
      title={source.name === "" ? (copied ? `Copy of ${copied}` : "New log source") : source.displayName}
      wide
      ready={at !== "" && s.displayName.trim() !== "" && parsers.length > 0}
      save={() => change(`${at}/sources/actions/upsert${anyway ? "?isIgnoreWarning=true" : ""}`, sourceBody(s), { etag }).then(done)}
      remove={source.name === "" ? undefined : { name: `the log source ${source.displayName}`, call: () => remove(`${at}/sources/${encodeURIComponent(source.name)}`).then(done) }}
      close={close}
    >
      {copied && <p className="muted">{copied} is built in and stays as it is; this is a copy of it.</p>}
      <TextField name="Name" value={s.displayName} onChange={(displayName) => set({ displayName })} />
      <TextField name="Description" value={s.description ?? ""} onChange={(description) => set({ description })} />
      <TextField name="Types of entities" value={(s.entityTypes ?? []).map((t) => t.entityType).join(", ")} onChange={(v) => set({ entityTypes: v.split(",").map((t) => ({ entityType: t.trim() })).filter((t) => t.entityType !== "") })} mono hint="Internal names, separated by commas." />
      <div className="field">
        <span>Parsers, in the order in which they are tried</span>
        <ol className="ordered">
          {parsers.map((p, i) => (
            <li key={p.name}>
              <span className="grow">{shown(p.name)}</span>
              <Button kind="quiet" small label={`Move ${shown(p.name)} up`} disabled={i === 0} onClick={() => move(i, -1)}>↑</Button>
              <Button kind="quiet" small label={`Move ${shown(p.name)} down`} disabled={i === parsers.length - 1} onClick={() => move(i, 1)}>↓</Button>
              <Button kind="quiet" small icon="trash" label={`Remove ${shown(p.name)}`} onClick={() => set({ parsers: parsers.filter((_, j) => j !== i) })} />
            </li>
          ))}
        </ol>
        <select className="select" aria-label="Add a parser" value="" onChange={(e) => e.target.value && set({ parsers: [...parsers, { name: e.target.value }] })}>
          <option value="">Add a parser…</option>
          {content.parsers.filter((p) => !parsers.some((x) => x.name === p.name)).map((p) => <option key={p.name} value={p.name}>{p.displayName ?? p.name}</option>)}
        </select>
      </div>
      <LabelRules rules={s.labelConditions ?? []} content={content} onChange={(labelConditions) => set({ labelConditions })} />
      <ExtendedFields list={s.extendedFieldDefinitions ?? []} content={content} onChange={(extendedFieldDefinitions) => set({ extendedFieldDefinitions })} />
      <label className="row"><input type="checkbox" checked={anyway} onChange={(e) => setAnyway(e.target.checked)} /> Save in spite of warnings</label>
    </FormDialog>
  );
}
