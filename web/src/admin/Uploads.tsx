import { useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { call } from "../api/client";
import type { components } from "../api/schema.gen";
import { exploreHref } from "../explorer/state";
import { bytes, number } from "../lib/format";
import { quote } from "../lib/querytext";
import { Link } from "../router";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { visible } from "../ui/Text";
import { when } from "./when";

type Upload = components["schemas"]["Upload"];
const own = "/ledgerline/v1";

/** Uploads lists what was taken in, with what could not be parsed of it. */
export function Uploads() {
  const list = useQuery({ queryKey: ["uploads"], queryFn: () => call<{ items: Upload[] }>(own + "/uploads?limit=200").then((r) => r.items), refetchInterval: 5000 });
  const [open, setOpen] = useState<string>();
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (list.data.length === 0) return <Empty title="No uploads yet" />;
  return (
    <div className="card scroll-x">
      <table className="data stacked">
        <thead><tr><th /><th>Name</th><th>Changed</th><th>Earliest record</th><th>Latest record</th><th className="num">Warnings</th></tr></thead>
        <tbody>
          {list.data.map((u) => (
            <Fragment key={u.reference}>
              <tr>
                <td><Button kind="quiet" small icon={open === u.reference ? "down" : "right"} aria-expanded={open === u.reference} label={`Files of ${u.name}`} onClick={() => setOpen(open === u.reference ? undefined : u.reference)} /></td>
                <td data-th="Name"><Link to={exploreHref(`'Upload Name' = ${quote(u.name)}`, { last: "30d" })}>{visible(u.name)}</Link></td>
                <td className="nowrap" data-th="Changed">{when(u.timeUpdated)}</td><td className="nowrap" data-th="Earliest record">{when(u.timeEarliestLogEntry)}</td><td className="nowrap" data-th="Latest record">{when(u.timeLatestLogEntry)}</td>
                <td className="num" data-th="Warnings">{u.warningsCount ? <span className="tag warn">{number(u.warningsCount)}</span> : 0}</td>
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
  if (files.isError) return <ErrorNotice error={files.error} retry={() => void files.refetch()} />;
  return (
    <div className="stack">
      {(warnings.data ?? []).map((w, i) => (
        <div key={i} className="notice warn"><strong>{w.errorMessage} ({number(w.count)})</strong><span className="muted">{visible(w.fileName)}</span>{w.example && <pre>{visible(w.example.slice(0, 400))}</pre>}</div>
      ))}
      <table className="data stacked">
        <thead><tr><th>File</th><th>Log source</th><th>Log group</th><th>Status</th><th className="num">Records</th><th className="num">Size</th></tr></thead>
        <tbody>{files.data.map((f) => <tr key={f.reference}><td className="wrap" data-th="File">{visible(f.name)}</td><td data-th="Log source">{f.sourceName}</td><td data-th="Log group">{f.logGroupName}</td><td data-th="Status">{f.failureDetails || f.status.replaceAll("_", " ").toLowerCase()}</td><td className="num" data-th="Records">{number(f.records)}</td><td className="num" data-th="Size">{bytes(f.bytes)}</td></tr>)}</tbody>
      </table>
    </div>
  );
}
