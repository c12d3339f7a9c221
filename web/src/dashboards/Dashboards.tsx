import "../styles/dashboards.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { plural } from "../lib/format";
import { ago } from "../lib/time";
import { Link, navigate, splitLocation, useLocation } from "../router";
import { useStatus } from "../session/session";
import { Button, chosen, Dialog, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { dashboards } from "./api";
import { DashboardView } from "./DashboardView";
import { prepare, preload } from "../viz/preload";
import { comesWithProgram, text } from "./model";

export default function Dashboards() {
  const { segments } = splitLocation(useLocation());
  useEffect(preload, []);
  return segments[1] ? <DashboardView key={segments[1]} id={segments[1]} /> : <List />;
}

function List() {
  const client = useQueryClient();
  useEffect(prepare, []);
  const list = useQuery({ queryKey: ["dashboards"], queryFn: dashboards.list });
  const input = useRef<HTMLInputElement>(null);
  const [find, setFind] = useState("");
  const [over, setOver] = useState(false);
  const [report, setReport] = useState<{ file: string; ok?: string; error?: unknown }[]>();
  const [making, setMaking] = useState(false);
  const take = async (files: File[]) => {
    const done: { file: string; ok?: string; error?: unknown }[] = [];
    for (const file of files) {
      try {
        const r = await dashboards.import(file);
        done.push({ file: file.name, ok: [...r.created.map((n) => `${n} created`), ...r.updated.map((n) => `${n} replaced`)].join(", ") });
      } catch (error) {
        done.push({ file: file.name, error });
      }
    }
    setReport(done);
    await client.invalidateQueries({ queryKey: ["dashboards"] });
  };
  const shown = (list.data ?? []).filter((b) => text(b.displayName, b.nls).toLowerCase().includes(find.toLowerCase()));
  return (
    <>
      <header className="page-head">
        <h1>Dashboards</h1>
        <input className="input" placeholder="Find a dashboard" aria-label="Find a dashboard" value={find} onChange={(e) => setFind(e.target.value)} />
        <input ref={input} type="file" accept=".json,application/json" multiple hidden onChange={(e) => void take(chosen(e.target))} aria-label="Dashboard files" />
        <Button icon="upload" onClick={() => input.current?.click()}>Import</Button>
        <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>New dashboard</Button>
      </header>
      <div
        className={"page-body drop" + (over ? " over" : "")}
        onDragOver={(e) => (e.preventDefault(), setOver(true))}
        onDragLeave={() => setOver(false)}
        onDrop={(e) => {
          e.preventDefault();
          setOver(false);
          void take([...e.dataTransfer.files]);
        }}
      >
        {report?.map((r) => (
          <div key={r.file} className={"notice " + (r.error ? "bad" : "good")} role="status">
            <strong>{r.file}</strong>
            <span>{r.error ? (r.error instanceof Error ? r.error.message : String(r.error)) : r.ok || "nothing to import"}</span>
          </div>
        ))}
        {list.isPending ? <Empty title=""><Spinner /></Empty> : list.isError ? <ErrorNotice error={list.error} retry={() => void list.refetch()} /> : shown.length === 0 ? (
          <Empty title={list.data.length === 0 ? "No dashboards yet" : "No such dashboard"}>Drop a dashboard that was exported from Oracle's console here, or import it with the button above.</Empty>
        ) : (
          <div className="board-list">
            {shown.map((b) => (
              <Link key={b.id} className="card board-card" to={`/dashboards/${encodeURIComponent(b.id)}`}>
                <h2>{text(b.displayName, b.nls)}</h2>
                <p className="muted">{text(b.description, b.nls) || "No description"}</p>
                <span className="row">
                  {comesWithProgram(b) && <span className="tag accent">built in</span>}
                  {b.timeUpdated && <span className="muted">changed {ago(Date.parse(b.timeUpdated), Date.now())}</span>}
                </span>
              </Link>
            ))}
          </div>
        )}
        {list.data && list.data.length > 0 && <p className="muted">{plural(list.data.length, "dashboard")}. Files exported from Oracle's console can be dropped here.</p>}
      </div>
      {making && <NewBoard close={() => setMaking(false)} />}
    </>
  );
}

function NewBoard({ close }: { close: () => void }) {
  const client = useQueryClient();
  const status = useStatus();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [problem, setProblem] = useState<unknown>();
  const make = async () => {
    try {
      const b = await dashboards.create(name.trim(), description, status.data?.tenancy ?? "");
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      navigate(`/dashboards/${encodeURIComponent(b.id)}?edit=1`);
    } catch (e) {
      setProblem(e);
    }
  };
  return (
    <Dialog title="New dashboard" close={close} footer={<Button kind="primary" disabled={name.trim() === ""} onClick={() => void make()}>Create</Button>}>
      <label className="field"><span>Name</span><input className="input" value={name} onChange={(e) => setName(e.target.value)} /></label>
      <label className="field"><span>Description</span><input className="input" value={description} onChange={(e) => setDescription(e.target.value)} /></label>
      {problem !== undefined && <ErrorNotice error={problem} />}
    </Dialog>
  );
}
