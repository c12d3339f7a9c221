import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { api, type Result } from "../api/client";
import { plural } from "../lib/format";
import { countable, groupedBy, kindOf, splitQuery } from "../lib/querytext";
import { absolute } from "../lib/time";
import { Link, navigate } from "../router";
import { Button, Dialog, Empty, ErrorNotice, Popover, Spinner } from "../ui/controls";
import { Icon } from "../ui/icons";
import { exploreHref } from "../explorer/state";
import { Histogram } from "../explorer/Histogram";
import { RecordTable } from "../explorer/RecordTable";
import { Remarks, remarksOf } from "../explorer/Remarks";
import { queryFor, shownViz } from "../viz/registry";
import { ResultTable } from "../viz/ResultTable";
import type { Scope } from "./DashboardView";
import { Grid } from "./Grid";
import { useContent } from "../session/session";
import { conditions, recordColumns, shownBy, text, unknownSource, type Tile } from "./model";
import { useDrill } from "./useDrill";

// The name of a tile that is called as its saved search.
const INHERIT = "__INHERIT__";

const View = lazy(() => import("../viz/View"));

export function TileView({ tile, scope, editing }: { tile: Tile; scope: Scope; editing: boolean }) {
  const shown = shownBy(tile, scope.searches);
  const search = scope.searches.get(tile.savedSearchId);
  const title = text(tile.displayName === INHERIT ? search?.displayName : tile.displayName || search?.displayName, tile.nls, search?.nls, scope.board.nls);
  if (shown.kind === "container") return <Container tile={tile} tiles={shown.tiles} tabs={shown.tabs} title={title} scope={scope} editing={editing} />;
  if (shown.kind === "problem") return <Problem head={!editing && <TileHead title={title} />} title={shown.title} reason={shown.reason} />;
  return <QueryTile tile={tile} title={title} shown={shown} scope={scope} editing={editing} />;
}

function Problem({ head, title, reason }: { head: ReactNode; title: string; reason: string }) {
  return (
    <>
      {head}
      <div className="tile-problem">
        <Icon name="warn" size={18} />
        <strong>{title}</strong>
        <span>{reason}</span>
      </div>
    </>
  );
}

function TileHead({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <header className="tile-head">
      <h2 className="ellipsis" title={title}>{title}</h2>
      {children}
    </header>
  );
}

function Container({ tiles, tabs, title, scope, editing }: { tile: Tile; tiles: Tile[]; tabs: boolean; title: string; scope: Scope; editing: boolean }) {
  const [tab, setTab] = useState(0);
  const at = Math.min(tab, tiles.length - 1);
  return (
    <>
      {!editing && title && <TileHead title={title} />}
      {tabs && (
        <div className="tabs" role="tablist" aria-label={title || "Tiles"}>
          {tiles.map((t, i) => <button key={i} type="button" role="tab" aria-selected={i === at} onClick={() => setTab(i)}>{text(t.displayName, t.nls, scope.board.nls)}</button>)}
        </div>
      )}
      <div className="tile-group">{tabs ? tiles[at] && <TileView tile={tiles[at]} scope={scope} editing={false} /> : <Grid tiles={tiles} scope={scope} />}</div>
    </>
  );
}

type QueryShown = Extract<ReturnType<typeof shownBy>, { kind: "query" }>;

function QueryTile({ tile, title, shown, scope, editing }: { tile: Tile; title: string; shown: QueryShown; scope: Scope; editing: boolean }) {
  const [big, setBig] = useState(false);
  const filters = conditions(scope.board, tile, scope.values);
  const from = new Date(scope.window.from).toISOString(),
    to = new Date(scope.window.to).toISOString();
  const records = kindOf(splitQuery(shown.query)) === "records";
  // Tiles that ask the same share one answer; leaving the page cancels what still runs.
  const narrowed = useQuery({ queryKey: ["narrowed", shown.query, filters], queryFn: () => api.filter(scope.namespace, shown.query, filters), enabled: filters.length > 0, staleTime: Infinity });
  const query = filters.length > 0 ? narrowed.data : shown.query;
  const q = useQuery({
    queryKey: ["query", query, from, to, scope.zone, records ? 500 : -1],
    queryFn: ({ signal }) => api.query({ query, from, to, zone: scope.zone, limit: records ? 500 : -1 }, signal),
    enabled: query !== undefined,
    placeholderData: keepPreviousData,
    gcTime: 30_000, // a dashboard that refreshes itself would keep many answers
  });
  const viz = query === undefined ? shown.viz : tileViz(query, shown);
  const link = query === undefined ? undefined : exploreHref(query, absolute(scope.window), viz, scope.zone);
  const label = typeof shown.options.changeLabel === "string" ? shown.options.changeLabel.trim() : undefined;
  const content = useContent();
  const unknown = content.data && unknownSource(shown.query, content.data.sources);
  if (unknown) return <Problem head={!editing && <TileHead title={title} />} title="Other data" reason={`This tile shows records of the log source ${unknown}, which is not here. Import its content ZIP under Administration, Log sources.`} />;
  const body = (small: boolean) =>
    narrowed.isError || q.isError ? <div className="pad"><ErrorNotice error={narrowed.error ?? q.error} retry={() => void q.refetch()} /></div> : !q.data || query === undefined ? <Empty title=""><Spinner /></Empty> : <TileBody query={query} result={q.data} viz={viz} scope={scope} from={from} to={to} small={small} label={label} columns={recordColumns(shown.options)} />;
  return (
    <>
      {!editing && (
        <TileHead title={title}>
          {q.isFetching && q.data && <Spinner />}
          {q.data && remarksOf(q.data).length > 0 && (
            <Popover label={`Remarks on ${title}`} role="dialog" align="right" trigger={(p) => <Button {...p} kind="quiet" small icon="hint" label={`Remarks on ${title}`} />}>
              {() => <Remarks result={q.data!} />}
            </Popover>
          )}
          <span className="tile-actions">
            <Button kind="quiet" small icon="full" label={`Enlarge ${title}`} onClick={() => setBig(true)} />
            {link && <Link className="btn quiet small icon" to={link} title="Open in Log Explorer" aria-label={`Open ${title} in Log Explorer`}><Icon name="external" /></Link>}
          </span>
        </TileHead>
      )}
      <div className="tile-body" data-rows={q.data?.rows.length} data-viz={viz}>{body(true)}</div>
      {big && <Dialog title={title} wide close={() => setBig(false)}><div className="tile-big">{body(false)}</div></Dialog>}
    </>
  );
}

function tileViz(query: string, shown: QueryShown): ReturnType<typeof shownViz> {
  // Oracle draws records with histogram over a timestats as columns over time.
  const kind = kindOf(splitQuery(query));
  if (kind !== "records" && (shown.viz === "records_histogram" || shown.viz === "table_histogram" || shown.viz === "records")) return kind === "series" ? "bar" : shownViz(query, "");
  return shownViz(query, shown.viz);
}

type BodyProps = { query: string; result: Result; viz: ReturnType<typeof shownViz>; scope: Scope; from: string; to: string; small: boolean; label?: string; columns: string[] };

function TileBody({ query, result, viz, scope, from, to, small, label, columns }: BodyProps) {
  const drill = useDrill(query, scope);
  const kind = kindOf(splitQuery(query));
  const empty = result.series ? result.series.lines.length === 0 : result.rows.length === 0;
  if (viz === "tile") {
    // Groups are counted; a single row shows its number.
    const by = groupedBy(splitQuery(query).find((c) => c.name === "stats")?.text ?? "");
    const shown: Result = by.length > 0 && !result.series ? { ...result, columns: [{ name: label || by.join(", "), type: "LONG" }], rows: [[result.rows.length]] } : label && result.columns.length === 1 ? { ...result, columns: [{ ...result.columns[0]!, name: label }] } : result;
    return <Suspense fallback={<Empty title=""><Spinner /></Empty>}><View viz="tile" query={query} result={shown} zone={scope.zone} from={from} to={to} small={small} /></Suspense>;
  }
  if (empty) return <Empty title="No data">Nothing in this time range.</Empty>;
  if (kind === "records") {
    return (
      <div className="tile-records">
        {(viz === "records_histogram" || viz === "table_histogram") && <TileHistogram query={query} scope={scope} from={from} to={to} />}
        <RecordTable result={result} zone={scope.zone} columns={columns} actions={{ filter: (field, value, not) => drill([{ field, value, not }]), group: (field) => navigate(exploreHref(queryFor(query, "hbar", field, [field]), absolute(scope.window), "hbar", scope.zone)), toggleColumn: () => {} }} />
      </div>
    );
  }
  if (viz === "table") return <ResultTable result={result} zone={scope.zone} label={plural(result.rows.length, "row")} remember={"tile " + query} drill={drill} />;
  return (
    <Suspense fallback={<Empty title=""><Spinner /></Empty>}>
      <View viz={viz} query={query} result={result} zone={scope.zone} from={from} to={to} small={small} drill={drill} />
    </Suspense>
  );
}

function TileHistogram({ query, scope, from, to }: { query: string; scope: Scope; from: string; to: string }) {
  const counted = `${countable(splitQuery(query))} | timestats count as Records by 'Log Source'`;
  const q = useQuery({ queryKey: ["query", counted, from, to, scope.zone, -1], queryFn: ({ signal }) => api.query({ query: counted, from, to, zone: scope.zone, limit: -1 }, signal), placeholderData: keepPreviousData });
  return <div className="tile-histogram">{q.data?.series ? <Histogram result={q.data} zone={scope.zone} window={scope.window} onZoom={() => {}} /> : q.isPending ? <Empty title=""><Spinner /></Empty> : null}</div>;
}
