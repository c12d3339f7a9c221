import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { rangeParams, type Range } from "../lib/time";
import { href, Link } from "../router";
import { Button, Dialog, ErrorNotice, Spinner } from "../ui/controls";
import { vizOf, type VizId } from "../viz/registry";
import { dashboards } from "./api";
import { comesWithProgram, oracleViz, text, tileBelow, type Board } from "./model";

type Props = { query: string; columns: string[]; viz: VizId; range: Range; tenancy: string; close: () => void };

const NEW = "";

/** AddToDashboard makes a tile of what Log Explorer shows, on a dashboard that is there or a new one. */
export default function AddToDashboard({ query, columns, viz, range, tenancy, close }: Props) {
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["dashboards"], queryFn: dashboards.list });
  const own = (list.data ?? []).filter((b) => !comesWithProgram(b)).sort((a, b) => (b.timeUpdated ?? "").localeCompare(a.timeUpdated ?? ""));
  const [name, setName] = useState("");
  const [picked, setPicked] = useState<string>();
  const [boardName, setBoardName] = useState("");
  const [busy, setBusy] = useState(false);
  const [added, setAdded] = useState<Board>();
  const [problem, setProblem] = useState<unknown>();
  const board = picked ?? own[0]?.id ?? NEW;
  const ready = name.trim() !== "" && (board !== NEW || boardName.trim() !== "") && !list.isPending;
  const add = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const search = await dashboards.createSearch(name.trim(), query, oracleViz(viz), tenancy, columns.length > 0 ? { columns } : {});
      const to = board === NEW ? dashboards.create(boardName.trim(), "", tenancy, { tiles: [tileBelow([], search)] }) : dashboards.addTile(board, search);
      // A search that no tile shows would only lie about.
      setAdded(await to.catch((e: unknown) => dashboards.removeSearch(search.id).then(() => Promise.reject(e), () => Promise.reject(e))));
      for (const key of ["dashboards", "dashboard", "board searches"]) void client.invalidateQueries({ queryKey: [key] });
    } catch (e) {
      setProblem(e);
    } finally {
      setBusy(false);
    }
  };
  if (added) {
    return (
      <Dialog title="Add to a dashboard" close={close} footer={<Button onClick={close}>Stay here</Button>}>
        <div className="notice good" role="status">
          <strong>{name.trim()} is on the dashboard {text(added.displayName, added.nls)}.</strong>
          <Link to={href(`/dashboards/${encodeURIComponent(added.id)}`, rangeParams(range))}>Open the dashboard</Link>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Add to a dashboard" close={close} footer={<Button kind="primary" icon="plus" disabled={!ready || busy} onClick={() => void add()}>{busy ? <Spinner label="Adding" /> : "Add"}</Button>}>
      <label className="field"><span>Name of the tile</span><input className="input" value={name} maxLength={200} onChange={(e) => setName(e.target.value)} /></label>
      {list.isPending ? <Spinner /> : list.isError ? <ErrorNotice error={list.error} retry={() => void list.refetch()} /> : (
        <label className="field">
          <span>Dashboard</span>
          <select className="select" value={board} onChange={(e) => setPicked(e.target.value)}>
            {own.map((b) => <option key={b.id} value={b.id}>{text(b.displayName, b.nls)}</option>)}
            <option value={NEW}>A new one…</option>
          </select>
        </label>
      )}
      {board === NEW && <label className="field"><span>Name of the new dashboard</span><input className="input" value={boardName} maxLength={200} onChange={(e) => setBoardName(e.target.value)} /></label>}
      <p className="muted">Shown as: {vizOf(viz).name}. A dashboard has a time range of its own for all of its tiles; those that are built in take no others.</p>
      <pre className="code">{query}</pre>
      {problem !== undefined && <ErrorNotice error={problem} />}
    </Dialog>
  );
}
