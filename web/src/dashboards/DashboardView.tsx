import { keepPreviousData, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { api } from "../api/client";
import { quote } from "../lib/querytext";
import { rangeParams, readRange, resolve, type Window } from "../lib/time";
import { href, Link, navigate, splitLocation, useLocation } from "../router";
import { useStatus } from "../session/session";
import { Button, Empty, ErrorNotice, MenuItem, Popover, save, Spinner } from "../ui/controls";
import { TimePicker } from "../ui/TimePicker";
import { browserZone } from "../explorer/state";
import { AddTile } from "./AddTile";
import { dashboards } from "./api";
import { Grid } from "./Grid";
import { comesWithProgram, filtersOf, text, tileBelow, type Board, type BoardSearch, type Tile } from "./model";

const FEW_FILTERS = 2; // more are folded on a telephone, where they would take the place of the tiles
const REFRESH = [0, 30, 60, 300, 900];

/** Scope is what all tiles of a dashboard share. */
export type Scope = { board: Board; searches: Map<string, BoardSearch>; window: Window; zone: string; values: Map<string, string>; namespace: string; run: number };

export function DashboardView({ id }: { id: string }) {
  const client = useQueryClient();
  const { params } = splitLocation(useLocation());
  const status = useStatus();
  const board = useQuery({ queryKey: ["dashboard", id], queryFn: () => dashboards.get(id) });
  const [run, setRun] = useState(0);
  const [draft, setDraft] = useState<Tile[]>();
  const [unfolded, setUnfolded] = useState(false);
  const [adding, setAdding] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const full = useRef<HTMLDivElement>(null);
  const range = readRange(params, { last: "7d" });
  const zone = params.get("tz") ?? browserZone;
  const every = Number(params.get("every") ?? 0);
  const values = useMemo(() => new Map([...params].filter(([k]) => k.startsWith("f.")).map(([k, v]) => [k.slice(2), v])), [params]);
  const set = (patch: Record<string, string | undefined>) => navigate(href(`/dashboards/${encodeURIComponent(id)}`, { ...Object.fromEntries(params), ...patch }), { replace: true });

  const rangeKey = JSON.stringify(range);
  // All tiles look at the same window, which moves only when the dashboard is run again.
  const window_ = useMemo(() => resolve(range, Date.now() + (status.data?.clock ?? 0)), [rangeKey, run, status.isSuccess]);
  useEffect(() => {
    if (every < 5 || draft) return;
    const timer = setInterval(() => document.visibilityState === "visible" && setRun((n) => n + 1), every * 1000);
    return () => clearInterval(timer);
  }, [every, draft]);
  const wantsEdit = params.get("edit") === "1";
  const tilesThere = board.data?.tiles;
  const builtIn = board.data !== undefined && comesWithProgram(board.data);
  useEffect(() => {
    if (wantsEdit && tilesThere && !builtIn) setDraft((d) => d ?? tilesThere);
  }, [wantsEdit, tilesThere, builtIn]);

  const missing = useMemo(() => missingSearches(board.data), [board.data]);
  const supplied = useQueries({ queries: missing.map((sid) => ({ queryKey: ["oob", sid], queryFn: () => dashboards.builtInSearch(sid), retry: false, staleTime: Infinity })) });
  const waits = supplied.some((q) => q.isPending);
  const searches = useMemo(() => {
    const map = new Map((board.data?.savedSearches ?? []).map((s) => [s.id, s]));
    supplied.forEach((q, i) => q.data && map.set(missing[i]!, q.data));
    return map;
    // the answers change only when the waiting ends
  }, [board.data, waits, missing]);

  // A window counted back from now is resolved by the server's clock: asked for before that is known, each tile would ask twice.
  if (board.isPending || board.isError || waits || status.isPending) {
    return (
      <>
        <header className="page-head"><Link to="/dashboards" className="muted">Dashboards</Link><h1 aria-busy={!board.isError} /></header>
        <div className="page-body">{board.isError ? <ErrorNotice error={board.error} retry={() => void board.refetch()} /> : <Empty title=""><Spinner /></Empty>}</div>
      </>
    );
  }
  const b = board.data;
  const scope: Scope = { board: b, searches, window: window_, zone, values, namespace: status.data?.namespace ?? "", run };
  const filters = filtersOf(b);
  const saveDraft = async () => {
    try {
      await dashboards.putTiles(id, draft ?? []);
      await client.invalidateQueries({ queryKey: ["dashboard", id] });
      leave();
    } catch (e) {
      setProblem(e);
    }
  };
  // What is built in comes with the program and stays as it is.
  const copy = async () => {
    try {
      const made = await dashboards.create(`${text(b.displayName, b.nls)} Copy`, text(b.description, b.nls), status.data?.tenancy ?? "", b);
      await client.invalidateQueries({ queryKey: ["dashboards"] });
      navigate(href(`/dashboards/${encodeURIComponent(made.id)}`, { ...Object.fromEntries(params), edit: "1" }));
    } catch (e) {
      setProblem(e);
    }
  };
  const leave = () => {
    setDraft(undefined);
    setProblem(undefined);
    set({ edit: undefined });
  };
  return (
    <div className="board" ref={full}>
      <header className="page-head">
        <Link to="/dashboards" className="muted">Dashboards</Link>
        <h1>{text(b.displayName, b.nls)}</h1>
        {draft ? (
          <>
            <Button icon="plus" onClick={() => setAdding(true)}>Add a tile</Button>
            <Button onClick={leave}>Discard</Button>
            <Button kind="primary" icon="check" onClick={() => void saveDraft()}>Save</Button>
          </>
        ) : (
          <>
            <TimePicker range={range} zone={zone} now={window_.to} onChange={(r) => set(rangeParams(r))} onZone={(z) => set({ tz: z === browserZone ? undefined : z })} />
            <Button icon="refresh" label="Refresh" onClick={() => ("last" in range ? setRun(run + 1) : void client.invalidateQueries({ queryKey: ["query"] }))} />
            <Popover label="Dashboard" align="right" trigger={(p) => <Button {...p}>Actions</Button>}>
              {(close) => (
                <>
                  {builtIn ? <MenuItem icon="copy" onClick={() => (close(), void copy())}>Edit a copy</MenuItem> : <MenuItem icon="edit" onClick={() => (close(), setDraft(b.tiles))}>Edit</MenuItem>}
                  <MenuItem icon="full" onClick={() => (close(), void full.current?.requestFullscreen?.())}>Full screen</MenuItem>
                  <MenuItem icon="download" onClick={() => (close(), void dashboards.export(id).then((f) => save(`${text(b.displayName, b.nls).replace(/[^\w.-]+/g, "_")}.json`, f)).catch(setProblem))}>Export as JSON</MenuItem>
                  <hr />
                  <div className="title">Refresh by itself</div>
                  {REFRESH.map((s) => <MenuItem key={s} checked={every === s} onClick={() => (close(), set({ every: s === 0 ? undefined : String(s) }))}>{s === 0 ? "Never" : s < 60 ? `Every ${s} seconds` : `Every ${s / 60} minute${s === 60 ? "" : "s"}`}</MenuItem>)}
                  {!builtIn && (
                    <>
                      <hr />
                      <MenuItem icon="trash" onClick={() => window.confirm(`Delete the dashboard ${text(b.displayName, b.nls)}?`) && void dashboards.remove(id).then(async () => (await client.invalidateQueries({ queryKey: ["dashboards"] }), navigate("/dashboards"))).catch(setProblem)}>Delete…</MenuItem>
                    </>
                  )}
                </>
              )}
            </Popover>
          </>
        )}
      </header>
      {filters.length > 0 && !draft && (
        <div className="board-filters" role="group" aria-label="Filters" data-open={unfolded || filters.length <= FEW_FILTERS}>
          {filters.length > FEW_FILTERS && (
            <Button small kind="quiet" className="unfold" icon={unfolded ? "down" : "right"} aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>
              Filters{values.size > 0 && `, ${values.size} set`}
            </Button>
          )}
          {filters.map((f) => <Filter key={f.name} {...f} value={values.get(f.name) ?? ""} window={window_} onChange={(v) => set({ ["f." + f.name]: v || undefined })} />)}
        </div>
      )}
      <div className="page-body board-body">
        {problem !== undefined && <ErrorNotice error={problem} />}
        {draft && <p className="muted">Drag a tile by its title, or select the title and use the arrow keys; with Shift they change its size.</p>}
        {(draft ?? b.tiles).length === 0 ? <Empty title="No tiles yet">{draft ? "Add one from a saved search." : "Edit the dashboard to add some."}</Empty> : <Grid tiles={draft ?? b.tiles} scope={scope} onChange={draft && setDraft} />}
      </div>
      {adding && draft && <AddTile tenancy={status.data?.tenancy ?? ""} close={() => setAdding(false)} add={(s) => (setAdding(false), searches.set(s.id, s), setDraft([...draft, tileBelow(draft, s)]))} />}
    </div>
  );
}

/** missingSearches are those a dashboard names but does not hold; some are built in. */
function missingSearches(board: Board | undefined): string[] {
  const have = new Set((board?.savedSearches ?? []).map((s) => s.id));
  const out = new Set<string>();
  const walk = (tiles: Tile[]) => {
    for (const t of tiles) {
      if (/^OOBSS-log-analytics-/.test(t.savedSearchId) && !have.has(t.savedSearchId)) out.add(t.savedSearchId);
      walk(t.uiConfig?.containerInfo?.subTiles ?? []);
    }
  };
  walk(board?.tiles ?? []);
  return [...out];
}

function Filter({ name, label, field, value, window, onChange }: { name: string; label: string; field: string; value: string; window: Window; onChange: (v: string) => void }) {
  const q = useQuery({
    queryKey: ["filter values", field, window.from, window.to],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => api.query({ query: `* | stats count as Records by ${quote(field)} | sort -Records`, from: new Date(window.from).toISOString(), to: new Date(window.to).toISOString(), limit: 200 }, signal),
    retry: false,
  });
  const options = (q.data?.rows ?? []).map((r) => r[0]).filter((v): v is string => typeof v === "string");
  return (
    <label className="board-filter">
      <span className="muted">{label}</span>
      <select className="select" value={value} name={name} onChange={(e) => onChange(e.target.value)} disabled={options.length === 0 && value === ""}>
        <option value="">{options.length === 0 ? "no values" : "All"}</option>
        {value !== "" && !options.includes(value) && <option>{value}</option>}
        {options.map((v) => <option key={v}>{v}</option>)}
      </select>
    </label>
  );
}
