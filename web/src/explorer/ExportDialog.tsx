import { useEffect, useRef, useState } from "react";
import { send, type QueryRequest } from "../api/client";
import { bytes, number, plural } from "../lib/format";
import { Button, Dialog, ErrorNotice, save, Spinner } from "../ui/controls";
import { Elapsed } from "./Elapsed";
import { rowsOf } from "./exportrows";
import { sheetSafe } from "./sheet";

type Format = NonNullable<QueryRequest["format"]>;

const formats: Record<Format, { name: string; kind: string }> = {
  csv: { name: "CSV", kind: "text/csv" },
  json: { name: "JSON", kind: "application/json" },
  parquet: { name: "Parquet", kind: "application/vnd.apache.parquet" },
};

/** Progress is how far an export is; rows are not known of every format. */
type Progress = { bytes: number; rows?: number; done: boolean };

/** ExportDialog saves every row of a result as a file; total is how many there will be, where that is known. */
export function ExportDialog({ request, total, close }: { request: QueryRequest; total?: number; close: () => void }) {
  const [format, setFormat] = useState<Format>("csv");
  const [guard, setGuard] = useState(true);
  const [progress, setProgress] = useState<Progress>();
  const [problem, setProblem] = useState<unknown>();
  const abort = useRef<AbortController>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const start = async () => {
    setProblem(undefined);
    setProgress({ bytes: 0, rows: format === "parquet" ? undefined : 0, done: false });
    abort.current = new AbortController();
    try {
      const answer = await send("/ledgerline/v1/export", { method: "POST", body: { ...request, format }, signal: abort.current.signal });
      const parts: BlobPart[] = [];
      const safe = format === "csv" && guard ? sheetSafe() : undefined;
      const letters = new TextDecoder();
      const count = format === "parquet" ? undefined : rowsOf(format);
      let n = 0,
        rows: number | undefined;
      const reader = answer.body!.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        parts.push(safe ? safe(letters.decode(value, { stream: true })) : value);
        n += value.length;
        rows = count?.(value);
        setProgress({ bytes: n, rows, done: false });
      }
      if (safe) parts.push(safe(letters.decode()), safe(""));
      setProgress({ bytes: n, rows, done: true });
      save(`ledgerline-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.${format}`, new Blob(parts, { type: formats[format].kind }));
    } catch (e) {
      if (!abort.current.signal.aborted) setProblem(e);
      setProgress(undefined);
    }
  };
  const running = progress !== undefined && !progress.done;
  return (
    <Dialog
      title="Export the whole result"
      close={close}
      footer={running ? <Button icon="stop" onClick={() => abort.current?.abort()}>Stop</Button> : <Button kind="primary" icon="download" onClick={() => void start()}>Export</Button>}
    >
      <p>Every row of the result, without a limit, in the time range of this page.</p>
      <fieldset className="row plain-set">
        <legend className="sr-only">Format</legend>
        {Object.entries(formats).map(([id, { name }]) => (
          <label key={id} className="row"><input type="radio" name="format" checked={format === id} disabled={running} onChange={() => (setFormat(id as Format), setProgress(undefined))} /> {name}</label>
        ))}
      </fieldset>
      {format === "csv" && <label className="row"><input type="checkbox" checked={guard} onChange={(e) => setGuard(e.target.checked)} /> For a spreadsheet: texts that it would run as formulas begin with an apostrophe</label>}
      {format === "parquet" && <p className="muted">Keeps times and numbers as such, for DuckDB, Spark, pandas and the like.</p>}
      <pre className="code">{request.query}</pre>
      {progress && <Told progress={progress} total={total} />}
      {problem !== undefined && <ErrorNotice error={problem} />}
    </Dialog>
  );
}

/** Told says how far an export is: its share of the rows there will be, else how long it has taken. */
function Told({ progress: { bytes: size, rows, done }, total }: { progress: Progress; total?: number }) {
  const share = !done && rows !== undefined && total ? Math.min(1, rows / total) : undefined;
  return (
    <div className="stack" role="status">
      {share !== undefined && <progress className="share" value={share} aria-label="Exported" />}
      <div className="row">
        {!done && share === undefined && <Spinner label="Exporting" />}
        <span>
          {rows !== undefined && (share === undefined ? `${plural(rows, "row")}, ` : `${number(rows)} of ${plural(total!, "row")} (${Math.floor(share * 100)} %), `)}
          {bytes(size)}
        </span>
        {done ? "— done; the file is in your downloads" : <Elapsed />}
      </div>
    </div>
  );
}
