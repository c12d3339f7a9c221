import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { Button, Dialog, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { VIZ, shownViz, type VizId } from "../viz/registry";
import { dashboards } from "./api";
import { oracleViz, type BoardSearch } from "./model";

type Props = { tenancy: string; close: () => void; add: (s: BoardSearch) => void };

/** AddTile makes a tile of a saved search, or of a search that is on another dashboard. */
export function AddTile({ tenancy, close, add }: Props) {
  const own = useQuery({ queryKey: ["searches"], queryFn: api.searches });
  const there = useQuery({ queryKey: ["board searches", tenancy], queryFn: () => dashboards.searches(tenancy) });
  const [find, setFind] = useState("");
  const [viz, setViz] = useState<VizId | "">("");
  const [problem, setProblem] = useState<unknown>();
  const fits = (name: string) => name.toLowerCase().includes(find.toLowerCase());
  const make = async (name: string, query: string) => {
    try {
      add(await dashboards.createSearch(name, query, oracleViz(viz || shownViz(query, "")), tenancy));
    } catch (e) {
      setProblem(e);
    }
  };
  return (
    <Dialog title="Add a tile" close={close}>
      <div className="row">
        <input className="input grow" placeholder="Find a saved search" aria-label="Find a saved search" value={find} onChange={(e) => setFind(e.target.value)} />
        <label className="row">Show as
          <select className="select" value={viz} onChange={(e) => setViz(e.target.value as VizId | "")}>
            <option value="">what suits it</option>
            {VIZ.map((v) => <option key={v.id} value={v.id}>{v.name}</option>)}
          </select>
        </label>
      </div>
      {problem !== undefined && <ErrorNotice error={problem} />}
      <h3>Saved searches of Log Explorer</h3>
      {own.isPending ? <Spinner /> : own.isError ? <ErrorNotice error={own.error} retry={() => void own.refetch()} /> : own.data.filter((s) => fits(s.name)).length === 0 ? <Empty title="None">Save a search in Log Explorer first.</Empty> : (
        <ul className="search-list">
          {own.data.filter((s) => fits(s.name)).map((s) => <li key={s.name}><button type="button" className="search-item" onClick={() => void make(s.name, s.query)}><strong>{s.name}</strong><code>{s.query}</code></button></li>)}
        </ul>
      )}
      <h3>Searches of dashboards</h3>
      {there.isPending ? <Spinner /> : there.isError ? <ErrorNotice error={there.error} retry={() => void there.refetch()} /> : (
        <ul className="search-list">
          {there.data.filter((s) => fits(s.displayName) && s.uiConfig?.queryString).slice(0, 100).map((s) => <li key={s.id}><button type="button" className="search-item" onClick={() => add(s)}><strong>{s.displayName}</strong><code>{s.uiConfig?.queryString?.slice(0, 200)}</code></button></li>)}
        </ul>
      )}
      <Button onClick={close}>Close</Button>
    </Dialog>
  );
}
