import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../api/client";
import { parseLast, rangeLabel, type Range } from "../lib/time";
import { Button, Dialog, Empty, ErrorNotice, Spinner } from "../ui/controls";

type Past = { q: string; range: Range; at: number };
const HISTORY = "ledgerline.history";
const MOST_HISTORY = 100;

function history(): Past[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(HISTORY) ?? "[]");
    return Array.isArray(list) ? (list as Past[]) : [];
  } catch {
    return [];
  }
}

/** remember keeps a query that was run, in this browser. */
export function remember(q: string, range: Range): void {
  const list = history().filter((h) => h.q !== q);
  try {
    localStorage.setItem(HISTORY, JSON.stringify([{ q, range, at: Date.now() }, ...list].slice(0, MOST_HISTORY)));
  } catch {
    // not remembered then
  }
}

export function HistoryDialog({ close, choose }: { close: () => void; choose: (q: string, range?: Range) => void }) {
  const client = useQueryClient();
  const saved = useQuery({ queryKey: ["searches"], queryFn: api.searches });
  const gone = useMutation({ mutationFn: api.deleteSearch, onSuccess: () => client.invalidateQueries({ queryKey: ["searches"] }) });
  const [past, setPast] = useState(history);
  return (
    <Dialog title="Saved searches and history" close={close} wide footer={past.length > 0 && <Button onClick={() => (localStorage.removeItem(HISTORY), setPast([]))}>Clear the history</Button>}>
      <h3>Saved searches</h3>
      {gone.isError && <ErrorNotice error={gone.error} />}
      {saved.isPending ? <Spinner /> : saved.isError ? <ErrorNotice error={saved.error} /> : saved.data.length === 0 ? <p className="muted">None yet. Save one with Actions, Save this search.</p> : (
        <ul className="search-list">
          {saved.data.map((s) => (
            <li key={s.name}>
              <button type="button" className="search-item" onClick={() => choose(s.query, s.last ? { last: lastOf(s.last) } : undefined)}>
                <strong>{s.name}</strong> {s.description && <span className="muted">{s.description}</span>}
                <code>{s.query}</code>
              </button>
              <Button kind="quiet" small icon="trash" label={`Delete ${s.name}`} disabled={gone.isPending} onClick={() => window.confirm(`Delete the saved search ${s.name}?`) && gone.mutate(s.name)} />
            </li>
          ))}
        </ul>
      )}
      <h3>History</h3>
      {past.length === 0 ? <Empty title="Nothing yet">Queries that you run are listed here, in this browser.</Empty> : (
        <ul className="search-list">
          {past.map((h) => (
            <li key={h.at}>
              <button type="button" className="search-item" onClick={() => choose(h.q, h.range)}>
                <code>{h.q}</code>
                <span className="muted">{rangeLabel(h.range, "UTC")}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}

/** lastOf turns a Go duration such as 168h0m0s into one of ours. */
export function lastOf(text: string): string {
  const m = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  const s = Number(m?.[1] ?? 0) * 3600 + Number(m?.[2] ?? 0) * 60 + Number(m?.[3] ?? 0);
  for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]] as const) if (s >= size && s % size === 0) return s / size + unit;
  return "24h";
}

export function SaveDialog({ query, range, close }: { query: string; range: Range; close: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [problem, setProblem] = useState<unknown>();
  const submit = async () => {
    try {
      const last = "last" in range ? `${Math.round(parseLast(range.last) / 1000)}s` : undefined;
      await api.putSearch({ name: name.trim(), query, description: description || undefined, last });
      await client.invalidateQueries({ queryKey: ["searches"] });
      close();
    } catch (e) {
      setProblem(e);
    }
  };
  return (
    <Dialog title="Save this search" close={close} footer={<Button kind="primary" disabled={name.trim() === ""} onClick={() => void submit()}>Save</Button>}>
      <label className="field"><span>Name</span><input className="input" value={name} maxLength={200} onChange={(e) => setName(e.target.value)} /></label>
      <label className="field"><span>Description</span><input className="input" value={description} onChange={(e) => setDescription(e.target.value)} /></label>
      <pre className="code">{query}</pre>
      <p className="muted">A search of the same name is replaced. Dashboards can show it as a tile (Edit, Add a tile; or Actions, Add to a dashboard, here), and <code>ledgerline query --saved</code> runs it.</p>
      {problem !== undefined && <ErrorNotice error={problem} />}
    </Dialog>
  );
}
