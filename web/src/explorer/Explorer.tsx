import "../styles/explorer.css";
import { lazy, Suspense, useEffect, useState } from "react";
import { api } from "../api/client";
import { number, plural } from "../lib/format";
import { absolute } from "../lib/time";
import { Button, Empty, ErrorNotice, MenuItem, Popover, Spinner, useStored } from "../ui/controls";
import { TimePicker } from "../ui/TimePicker";
import { queryFor, VIZ, vizOf, type VizId } from "../viz/registry";
import { ColumnsMenu } from "./ColumnsMenu";
import { Elapsed } from "./Elapsed";
import { ExplainDialog } from "./ExplainDialog";
import { ExportDialog } from "./ExportDialog";
import { HistoryDialog, remember, SaveDialog } from "./searches";
import { FieldPanel, type FieldActions } from "./FieldPanel";
import { Histogram } from "./Histogram";
import { Records } from "./Records";
import { Remarks } from "./Remarks";
import { RecordTable } from "./RecordTable";
import { ROWS, useExplorerState } from "./state";
import { recordsIn, useExplorer, withColumns } from "./useExplorer";
import { VizOptions } from "./VizOptions";

const QueryEditor = lazy(() => import("./Editor"));
const View = lazy(() => import("../viz/View"));
const AddToDashboard = lazy(() => import("../dashboards/AddToDashboard"));

const LIVE_EVERY = 2000;

export function Explorer() {
  const [state, setState] = useExplorerState();
  const [draft, setDraft] = useState(state.q);
  const [live, setLive] = useState(false);
  const [dialog, setDialog] = useState<"explain" | "export" | "save" | "history" | "board">();
  const [panel, setPanel] = useStored("fieldpanel", window.innerWidth > 900);
  const x = useExplorer(state, live);
  const [fresh, setFresh] = useState<number>();
  const [problem, setProblem] = useState<unknown>();

  useEffect(() => setDraft(state.q), [state.q]);
  useEffect(() => setProblem(undefined), [state.q]);

  // Live: the same question over and over, as long as the range ends now.
  const relative = "last" in state.range;
  useEffect(() => {
    if (!live || !relative) return;
    const timer = setInterval(() => document.visibilityState === "visible" && x.run(), LIVE_EVERY);
    return () => clearInterval(timer);
    // x.run only counts
  }, [live, relative]);
  useEffect(() => {
    if (!live) setFresh(undefined);
  }, [live]);

  const run = () => {
    const q = draft.trim() === "" ? "*" : draft;
    remember(q, state.range);
    if (q === state.q) x.run();
    else setState({ q });
  };
  const ask = (q: string, viz: VizId | "" = state.viz) => {
    remember(q, state.range);
    setDraft(q);
    setState({ q, viz });
  };
  const namespace = x.status?.namespace ?? "";
  const fields = x.fields.data ?? [];
  const fallback = fields.length > 0 && !fields.some((f) => f.name === "Log Source") ? (fields.find((f) => f.type === "STRING")?.name ?? "Log Source") : "Log Source";

  const actions: FieldActions = {
    filter: (field, value, not) => {
      void api
        .filter(namespace, state.q, [{ operator: not ? "NOT_EQUALS" : "EQUALS", fieldName: field, values: [value] }])
        .then((q) => ask(q))
        .catch(setProblem);
    },
    group: (field) => ask(queryFor(x.kind === "records" ? state.q : x.records, "hbar", field, [field]), "hbar"),
    whole: x.whole,
    toggleColumn: (field) => setState({ cols: state.cols.includes(field) ? state.cols.filter((c) => c !== field) : [...state.cols, field] }),
  };

  const switchTo = (id: VizId) => {
    const q = queryFor(state.q, id, fallback);
    if (q !== state.q) ask(q, id);
    else setState({ viz: id });
  };

  const result = x.main.data;
  const total = recordsIn(x.histogram.data);
  const isRecords = x.viz === "records" || x.viz === "records_histogram" || ((x.viz === "table" || x.viz === "table_histogram") && x.kind === "records");
  const hasHistogram = x.viz === "records_histogram" || x.viz === "table_histogram";

  return (
    <>
      <header className="page-head explorer-head">
        <h1>Log Explorer</h1>
        <TimePicker range={state.range} zone={state.zone} now={x.window.to} onChange={(range) => setState({ range })} onZone={(zone) => setState({ zone })} />
        <Popover label="More" align="right" trigger={(p) => <Button {...p}>Actions</Button>}>
          {(close) => (
            <>
              <MenuItem icon="star" onClick={() => (close(), setDialog("save"))}>Save this search…</MenuItem>
              <MenuItem icon="history" onClick={() => (close(), setDialog("history"))}>Saved searches and history…</MenuItem>
              <hr />
              <MenuItem icon="dashboard" onClick={() => (close(), setDialog("board"))}>Add to a dashboard…</MenuItem>
              <MenuItem icon="download" onClick={() => (close(), setDialog("export"))}>Export the whole result…</MenuItem>
              <MenuItem icon="link" onClick={() => (close(), void navigator.clipboard?.writeText(window.location.href))}>Copy a link to this page</MenuItem>
            </>
          )}
        </Popover>
      </header>

      <div className="query-bar">
        <Suspense fallback={<textarea className="textarea mono" aria-label="Query" rows={1} value={draft} onChange={(e) => setDraft(e.target.value)} onKeyDown={(e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && run()} />}>
          <QueryEditor value={draft} onChange={setDraft} onRun={run} namespace={namespace} tenancy={x.status?.tenancy ?? ""} />
        </Suspense>
        <div className="query-actions">
          <Button kind="quiet" icon="plan" label="Explain how it is answered" onClick={() => setDialog("explain")} />
          <Button kind="quiet" icon="history" label="Saved searches and history" onClick={() => setDialog("history")} />
          {x.busy && !live ? (
            <>
              <Elapsed />
              <Button icon="stop" onClick={x.cancel} title="Stop the query">Cancel</Button>
            </>
          ) : (
            <Button kind="primary" icon="play" onClick={run} title="Run (Ctrl-Enter)">Run</Button>
          )}
        </div>
      </div>
      <div className={"progress" + (x.busy ? " on" : "")} role="progressbar" aria-label="Query" aria-hidden={!x.busy} />

      <div className="explorer" data-panel={panel}>
        {panel && (
          <FieldPanel fields={fields} records={x.records} from={x.sent.from} to={x.sent.to} columns={state.cols} actions={actions} loading={x.fields.isFetching || (!x.status && !x.trouble)} live={live} failed={x.trouble !== null || x.main.isError} error={x.fields.data || x.main.isError ? null : x.fields.error} />
        )}
        <section className="results" aria-label="Results">
          <div className="result-bar">
            <Button kind="quiet" small icon="columns" label={panel ? "Hide the fields" : "Show the fields"} aria-pressed={panel} onClick={() => setPanel(!panel)} />
            <VizMenu viz={x.viz} onChoose={switchTo} />
            <VizOptions query={state.q} viz={x.viz} fields={fields} onQuery={(q) => ask(q)} />
            <span className="grow" />
            {result && <Counts rows={result.rows.length} total={isRecords ? total : undefined} limit={state.rows} elapsed={result.elapsedMs} series={result.series?.lines.length} more={() => setState({ rows: ROWS.find((n) => n > state.rows) ?? state.rows })} records={isRecords} />}
            {isRecords && result && <ColumnsMenu columns={result.columns} chosen={state.cols} onChange={(cols) => setState({ cols })} />}
            {isRecords && (
              <Button small icon="live" aria-pressed={live} disabled={!relative} title={relative ? "Ask again every two seconds" : "Live needs a range that ends now"} onClick={() => (setFresh(x.window.to), setLive(!live))}>
                Live
              </Button>
            )}
            {hasHistogram && (
              <Button kind="quiet" small icon="zoomout" label="Zoom out" onClick={() => {
                const half = (x.window.to - x.window.from) / 2;
                setState({ range: absolute({ from: x.window.from - half, to: x.window.to + half }) });
              }} />
            )}
          </div>
          {problem !== undefined && <div className="pad"><ErrorNotice error={problem} /></div>}
          {x.trouble ? (
            <div className="result-view"><div className="pad"><ErrorNotice error={x.trouble} retry={x.retry} /></div></div>
          ) : (
            <>
              {result && <Remarks result={result} />}
              {hasHistogram && !x.main.isError && (
                <div className="histogram-place">
                  {x.histogram.data ? <Histogram result={x.histogram.data} zone={state.zone} window={x.window} onZoom={(w) => setState({ range: absolute(w) })} /> : x.histogram.isError ? null : <div className="empty"><Spinner label="Counting records" /></div>}
                </div>
              )}
              <div className="result-view">
                {x.main.isError ? (
                  <div className="pad"><ErrorNotice error={x.main.error} retry={x.run} /></div>
                ) : !result ? (
                  <Waiting idle={x.main.fetchStatus === "idle" && !x.fields.isFetching && x.status !== undefined} run={x.run} />
                ) : result.rows.length === 0 && !result.series?.lines.length && x.viz !== "map" ? (
                  <Nothing viz={x.viz} records={isRecords} widen={() => setState({ range: { last: "30d" } })} />
                ) : isRecords ? (
                  x.viz === "table" || x.viz === "table_histogram" ? (
                    <RecordTable result={result} zone={state.zone} columns={state.cols} actions={actions} />
                  ) : (
                    <Records result={result} zone={state.zone} columns={state.cols} actions={actions} fresh={live ? fresh : undefined} />
                  )
                ) : (
                  <Suspense fallback={<Empty title=""><Spinner /></Empty>}>
                    <View viz={x.viz} query={state.q} result={result} zone={state.zone} from={x.sent.from} to={x.sent.to} drill={(filters) => drill(filters)} ask={ask} />
                  </Suspense>
                )}
              </div>
            </>
          )}
        </section>
      </div>

      {dialog === "explain" && <ExplainDialog request={x.sent} close={() => setDialog(undefined)} />}
      {dialog === "export" && <ExportDialog request={{ ...x.sent, query: state.q }} total={x.kind !== "records" ? result?.total : x.histogram.isPlaceholderData ? undefined : total} close={() => setDialog(undefined)} />}
      {dialog === "save" && <SaveDialog query={state.q} range={state.range} close={() => setDialog(undefined)} />}
      {dialog === "board" && <Suspense fallback={null}><AddToDashboard query={withColumns(state.q, state.cols)} columns={isRecords ? state.cols : []} viz={x.viz} range={state.range} tenancy={x.status?.tenancy ?? ""} close={() => setDialog(undefined)} /></Suspense>}
      {dialog === "history" && <HistoryDialog close={() => setDialog(undefined)} choose={(q, range) => (setDialog(undefined), setDraft(q), setState({ q, ...(range ? { range } : {}), viz: "" }))} />}
    </>
  );

  // From a group of a chart or table to its records.
  function drill(filters: { field: string; value: unknown }[]) {
    void api
      .filter(namespace, x.records, filters.map((f) => ({ operator: "EQUALS", fieldName: f.field, values: [f.value] })))
      .then((q) => ask(q, "records_histogram"))
      .catch(setProblem);
  }
}

function Waiting({ idle, run }: { idle: boolean; run: () => void }) {
  if (!idle) return <Empty title=""><Spinner label="Running the query" /></Empty>;
  return (
    <Empty title="Cancelled">
      <Button small icon="play" onClick={run}>Run again</Button>
    </Empty>
  );
}

function Nothing({ viz, records, widen }: { viz: VizId; records: boolean; widen: () => void }) {
  if (viz === "cluster_compare") return <Empty title="No difference">Every cluster of this time range is in the one it is compared with, too, and no other is there.</Empty>;
  return (
    <Empty title={records ? "No records" : "No result"}>
      <span>Nothing in this time range fits the query.</span>
      <Button small onClick={widen}>Look at the last 30 days</Button>
    </Empty>
  );
}

function VizMenu({ viz, onChoose }: { viz: VizId; onChoose: (id: VizId) => void }) {
  const now = vizOf(viz);
  return (
    <Popover label="Visualisation" trigger={(p) => <Button {...p} small icon={now.icon} aria-label={`Visualisation: ${now.name}`}>{now.name}</Button>}>
      {(close) => (
        <div className="viz-menu">
          {VIZ.map((v) => (
            <MenuItem key={v.id} icon={v.icon} checked={v.id === viz} onClick={() => (close(), onChoose(v.id))}>
              {v.name}
            </MenuItem>
          ))}
        </div>
      )}
    </Popover>
  );
}

function Counts({ rows, total, limit, elapsed, series, records, more }: { rows: number; total?: number; limit: number; elapsed: number; series?: number; records: boolean; more: () => void }) {
  const shown = records ? (total !== undefined && total > rows ? `${number(rows)} of ${plural(total, "record")}` : plural(rows, "record")) : series !== undefined ? plural(series, "line") : plural(rows, "row");
  return (
    <span className="counts muted" data-rows={rows} data-total={total ?? rows}>
      <strong>{shown}</strong> in {number(Math.max(1, Math.round(elapsed)))} ms
      {records && rows >= limit && limit < ROWS.at(-1)! && (
        <>
          {" · "}
          <button type="button" className="link" onClick={more}>
            load {number(ROWS.find((n) => n > limit) ?? limit)}
          </button>
        </>
      )}
    </span>
  );
}

