import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../api/client";
import { number } from "../lib/format";
import { Button, chosen, Dialog, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { DataGrid } from "../ui/DataGrid";
import { visible } from "../ui/Text";
import { when } from "./when";

type Lookup = { name: string; description?: string; rowCount?: number; fields?: { displayName?: string; name: string }[]; timeUpdated?: string };
const at = "/ledgerline/v1/lookups";

export function Lookups() {
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["lookups"], queryFn: () => call<{ items: Lookup[] }>(at + "?limit=1000").then((r) => r.items) });
  const [name, setName] = useState("");
  const [file, setFile] = useState<File>();
  const [open, setOpen] = useState<string>();
  const done = () => client.invalidateQueries({ queryKey: ["lookups"] });
  const put = useMutation({ mutationFn: () => call(`${at}/${encodeURIComponent(name.trim())}`, { method: "PUT", raw: file, headers: { "Content-Type": "text/csv" } }), onSuccess: () => (setFile(undefined), setName(""), done()) });
  const remove = useMutation({ mutationFn: (n: string) => call(`${at}/${encodeURIComponent(n)}`, { method: "DELETE" }), onSuccess: done });
  const take = (f: File | undefined) => {
    setFile(f);
    if (f && name === "") setName(f.name.replace(/\.csv$/i, ""));
  };
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  return (
    <>
      <section className="card" aria-label="Add or replace a lookup table">
        <div className="body row">
          <label className="row">Table <input className="input" value={name} placeholder="owners" onChange={(e) => setName(e.target.value)} /></label>
          <label className="btn">
            {file ? file.name : "Choose a CSV file"}
            <input type="file" accept=".csv,text/csv" className="sr-only" aria-label="CSV file" onChange={(e) => take(chosen(e.target)[0])} />
          </label>
          <Button kind="primary" icon="upload" disabled={!file || name.trim() === "" || put.isPending} onClick={() => put.mutate()}>Save the table</Button>
          <span className="muted">The first line names the columns. Columns and rows of a table of this name are replaced.</span>
        </div>
      </section>
      {(put.isError || remove.isError) && <ErrorNotice error={put.error ?? remove.error} />}
      {list.data.length === 0 ? <Empty title="No lookup tables">Tables add what records do not say, such as the owner of an integration.</Empty> : (
        <div className="card scroll-x">
          <table className="data stacked">
            <thead><tr><th>Name</th><th>Columns</th><th className="num">Rows</th><th>Changed</th><th /></tr></thead>
            <tbody>
              {list.data.map((l) => (
                <tr key={l.name}>
                  <td data-th="Name"><button type="button" className="link" onClick={() => setOpen(l.name)}>{l.name}</button></td>
                  <td className="wrap" data-th="Columns">{(l.fields ?? []).map((f) => f.displayName ?? f.name).join(", ")}</td><td className="num" data-th="Rows">{number(l.rowCount ?? 0)}</td>
                  <td className="nowrap" data-th="Changed">{when(l.timeUpdated)}</td>
                  <td><Button kind="quiet" small icon="trash" label={`Delete ${l.name}`} onClick={() => window.confirm(`Delete the lookup table ${l.name}?`) && remove.mutate(l.name)} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {open !== undefined && <Rows name={open} close={() => setOpen(undefined)} />}
    </>
  );
}

function Rows({ name, close }: { name: string; close: () => void }) {
  const q = useQuery({ queryKey: ["lookup", name], queryFn: () => call<{ columns?: (string | { name: string })[]; rows?: string[][] }>(`${at}/${encodeURIComponent(name)}?limit=1000`) });
  const columns = (q.data?.columns ?? []).map((c) => (typeof c === "string" ? c : c.name));
  return (
    <Dialog title={name} wide close={close}>
      {q.isPending ? <Spinner /> : q.isError ? <ErrorNotice error={q.error} retry={() => void q.refetch()} /> : <DataGrid label={name} height={420} rows={q.data.rows ?? []} remember={"lookup " + name} columns={columns.map((c, i) => ({ id: String(i), name: c, value: (r: string[]) => r[i], cell: (r: string[]) => visible(r[i] ?? "") }))} />}
    </Dialog>
  );
}
