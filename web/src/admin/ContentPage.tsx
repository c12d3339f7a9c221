import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { call, send, type Content } from "../api/client";
import { navigate } from "../router";
import { useContent } from "../session/session";
import { exploreHref } from "../explorer/state";
import { plural } from "../lib/format";
import { quote } from "../lib/querytext";
import { Button, chosen, Empty, ErrorNotice, save, Spinner } from "../ui/controls";
import { DataGrid, type GridColumn } from "../ui/DataGrid";
import { FieldForm } from "./FieldForm";
import { LabelForm } from "./LabelForm";
import { SourceForm } from "./SourceForm";

type Kind = "sources" | "parsers" | "fields" | "labels";
type Item = Content["sources"][number] & Content["parsers"][number] & Content["fields"][number] & Content["labels"][number];
type Report = { sourceNames?: string[]; parserNames?: string[]; fieldNames?: string[]; labelNames?: string[]; warnings?: string[]; changeList?: Record<string, string[]> };

const texts: Record<Kind, string> = {
  sources: "A log source says which parsers read the records of a kind, and what is made of their fields.",
  parsers: "A parser cuts a text into records, and records into fields.",
  fields: "Fields are what records are searched and grouped by.",
  labels: "Labels mark records that a log source recognises.",
};

const one: Record<Kind, string> = { sources: "log source", parsers: "parser", fields: "field", labels: "label" };

// What is built in stays: of log sources and parsers, a copy is made.
const editable = (kind: Kind, i: Item) => kind === "sources" || kind === "parsers" || !i.isSystem;
const editLabel = (kind: Kind, i: Item) => (kind === "parsers" ? `Open ${i.displayName ?? i.name} in the workbench` : kind === "sources" && i.isSystem ? `Copy ${i.displayName ?? i.name}` : `Edit ${i.displayName ?? i.name}`);

/** ContentPage lists what the library holds of a kind; a content ZIP dropped on it is imported. */
export function ContentPage({ kind }: { kind: Kind }) {
  const client = useQueryClient();
  const content = useContent();
  const [find, setFind] = useState("");
  const [over, setOver] = useState(false);
  const [replace, setReplace] = useState(false);
  const [open, setOpen] = useState<Item | "new">();
  const take = useMutation({
    mutationFn: (file: File) => call<Report>(`/ledgerline/v1/content/actions/import${replace ? "?isOverwrite=true" : ""}`, { method: "POST", raw: file, headers: { "Content-Type": "application/octet-stream" } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["content"] }),
  });
  const exported = useMutation({
    mutationFn: async (name: string) => {
      const body = kind === "sources" ? { sourceNames: [name] } : kind === "parsers" ? { parserNames: [name] } : { fieldNames: [name] };
      const answer = await send("/ledgerline/v1/content/actions/export", { method: "POST", body });
      save(name.replace(/[^\w.-]+/g, "_") + ".zip", await answer.blob());
    },
  });
  const edit = (i: Item) => (kind === "parsers" ? navigate("/admin/parsers/" + encodeURIComponent(i.name)) : setOpen(i));
  const close = () => (setOpen(undefined), void client.invalidateQueries({ queryKey: ["content"] }));
  const rows = useMemo(() => ((content.data?.[kind] ?? []) as Item[]).filter((i) => `${i.displayName ?? i.name} ${i.name}`.toLowerCase().includes(find.toLowerCase())), [content.data, kind, find]);
  const columns = useMemo<GridColumn<Item>[]>(() => {
    const list: GridColumn<Item>[] = [{ id: "name", name: "Name", width: 300, value: (i) => i.displayName ?? i.name, cell: (i) => <strong>{i.displayName ?? i.name}</strong> }];
    if (kind === "fields") list.push({ id: "internal", name: "Internal name", width: 170, value: (i) => i.name, cell: (i) => <code>{i.name}</code> }, { id: "type", name: "Type", width: 110, value: (i) => i.dataType, cell: (i) => `${(i.dataType ?? "").toLowerCase()}${i.isMultiValued ? " list" : ""}` });
    if (kind === "parsers") list.push({ id: "type", name: "Type", width: 110, value: (i) => i.type }, { id: "n", name: "Fields", width: 80, numeric: true, value: (i) => i.fieldMaps?.length ?? 0 });
    if (kind === "labels") list.push({ id: "priority", name: "Priority", width: 110, value: (i) => (i.priority ?? "").toLowerCase() });
    list.push({ id: "own", name: "Origin", width: 110, value: (i) => (i.isSystem ? "built in" : "own") });
    list.push({ id: "description", name: "Description", width: 420, value: (i) => i.description });
    list.push({
        id: "do", name: "Actions", width: 130, value: () => "",
        cell: (i) => (
          <span className="row tight">
            {kind !== "labels" && <Button small kind="quiet" icon="download" label={`Export ${i.displayName ?? i.name} as ZIP`} onClick={(e) => (e.stopPropagation(), exported.mutate(i.name))} />}
            {kind === "sources" && <Button small kind="quiet" icon="search" label={`Records of ${i.displayName ?? i.name}`} onClick={(e) => (e.stopPropagation(), navigate(exploreHref(`'Log Source' = ${quote(i.name)}`, { last: "30d" })))} />}
            {editable(kind, i) && <Button small kind="quiet" icon={kind === "sources" && i.isSystem ? "copy" : "edit"} label={editLabel(kind, i)} onClick={(e) => (e.stopPropagation(), edit(i))} />}
          </span>
        ),
      });
    return list;
    // exported only starts a download
  }, [kind]);
  if (content.isPending) return <Empty title=""><Spinner /></Empty>;
  if (content.isError) return <ErrorNotice error={content.error} retry={() => void content.refetch()} />;
  const report = take.data;
  return (
    <div
      className={"stack fill drop" + (over ? " over" : "")}
      onDragOver={(e) => (e.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setOver(false);
        const file = e.dataTransfer.files[0];
        if (file) take.mutate(file);
      }}
    >
      <div className="row">
        <input className="input" placeholder="Find" aria-label={`Find in ${kind}`} value={find} onChange={(e) => setFind(e.target.value)} />
        <span className="muted grow about">{texts[kind]}</span>
        <span className="row">
          <label className="btn">
            Import a ZIP
            <input type="file" accept=".zip" className="sr-only" onChange={(e) => chosen(e.target).forEach((file) => take.mutate(file))} />
          </label>
          <label className="row"><input type="checkbox" checked={replace} onChange={(e) => setReplace(e.target.checked)} /> replace what is there</label>
        </span>
        <Button kind="primary" icon="plus" onClick={() => (kind === "parsers" ? navigate("/admin/parsers/new") : setOpen("new"))}>New {one[kind]}</Button>
      </div>
      {take.isPending && <Spinner label="Importing" />}
      {take.isError && <ErrorNotice error={take.error} />}
      {exported.isError && <ErrorNotice error={exported.error} />}
      {report && (
        <div className="notice good" role="status">
          <strong>Imported</strong>
          <span>{[plural(report.sourceNames?.length ?? 0, "log source"), plural(report.parserNames?.length ?? 0, "parser"), plural(report.fieldNames?.length ?? 0, "field"), plural(report.labelNames?.length ?? 0, "label")].join(", ")}</span>
          {Object.entries(report.changeList ?? {}).filter(([, l]) => l.length > 0).map(([k, l]) => <span key={k} className="muted">{readable(k)}: {l.slice(0, 20).join(", ")}{l.length > 20 ? ` and ${l.length - 20} more` : ""}</span>)}
          {(report.warnings ?? []).slice(0, 20).map((w) => <span key={w}>{w}</span>)}
        </div>
      )}
      <div className="fill-grid"><DataGrid columns={columns} rows={rows} label={kind} remember={"admin " + kind} onRow={(i) => editable(kind, i) && edit(i)} rowHeight={33} /></div>
      {open && kind === "fields" && <FieldForm field={open === "new" ? undefined : open} close={close} />}
      {open && kind === "labels" && <LabelForm label={open === "new" ? undefined : open} close={close} />}
      {open && kind === "sources" && <SourceForm name={open === "new" ? undefined : open.name} close={close} />}
    </div>
  );
}

function readable(key: string): string {
  const words = key.replace(/(Display)?Names$/, "s").replace(/([A-Z])/g, " $1").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
