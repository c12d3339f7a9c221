import { useEffect, useRef, useState } from "react";
import { send, type QueryRequest } from "../api/client";
import { bytes, plural } from "../lib/format";
import { Button, Dialog, ErrorNotice, save, Spinner } from "../ui/controls";
import { sheetSafe } from "./sheet";

type Format = NonNullable<QueryRequest["format"]>;

const formats: Record<Format, { name: string; kind: string; lines: boolean }> = {
  csv: { name: "CSV", kind: "text/csv", lines: true },
  json: { name: "JSON", kind: "application/json", lines: true },
  parquet: { name: "Parquet", kind: "application/vnd.apache.parquet", lines: false },
};

/** ExportDialog saves every row of a result as a file. */
export function ExportDialog({ request, close }: { request: QueryRequest; close: () => void }) {
  const [format, setFormat] = useState<Format>("csv");
  const [guard, setGuard] = useState(true);
  const [progress, setProgress] = useState<{ bytes: number; lines: number; done: boolean }>();
  const [problem, setProblem] = useState<unknown>();
  const abort = useRef<AbortController>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const start = async () => {
    setProblem(undefined);
    setProgress({ bytes: 0, lines: 0, done: false });
    abort.current = new AbortController();
    try {
      const answer = await send("/ledgerline/v1/export", { method: "POST", body: { ...request, format }, signal: abort.current.signal });
      const parts: BlobPart[] = [];
      const safe = format === "csv" && guard ? sheetSafe() : undefined;
      const letters = new TextDecoder();
      let n = 0,
        lines = 0;
      const reader = answer.body!.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        parts.push(safe ? safe(letters.decode(value, { stream: true })) : value);
        n += value.length;
        for (const b of value) if (b === 10) lines++;
        setProgress({ bytes: n, lines, done: false });
      }
      if (safe) parts.push(safe(letters.decode()), safe(""));
      setProgress({ bytes: n, lines, done: true });
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
      {progress && (
        <div className="row" role="status">
          {running && <Spinner label="Exporting" />} {bytes(progress.bytes)}{formats[format].lines && `, ${plural(progress.lines, "line")}`} {progress.done && "— done; the file is in your downloads"}
        </div>
      )}
      {problem !== undefined && <ErrorNotice error={problem} />}
    </Dialog>
  );
}
