import { useMemo, useState } from "react";
import type { Result } from "../api/client";
import { isNumeric, valueText } from "../lib/format";
import { Dialog } from "../ui/controls";
import { DataGrid, type GridColumn } from "../ui/DataGrid";
import { visible } from "../ui/Text";
import type { FieldActions } from "./FieldPanel";
import { RecordDetail } from "./RecordDetail";
import { columnsOf } from "./useExplorer";

/** RecordTable shows records as rows of a table; a row opens to all of the record. */
export function RecordTable({ result, zone, columns, actions }: { result: Result; zone: string; columns: string[]; actions: FieldActions }) {
  const [open, setOpen] = useState<number>();
  const list = useMemo<GridColumn<unknown[]>[]>(() => {
    const names = columns.length > 0 ? ["Time", ...columns.filter((c) => c !== "Time")] : columnsOf(result);
    return names.flatMap((name) => {
      const i = result.columns.findIndex((c) => c.name === name);
      const c = result.columns[i];
      if (!c) return [];
      return [{ id: name, name, numeric: isNumeric(c), width: name === "Time" ? 208 : name === "Original Log Content" ? 700 : 200, value: (r: unknown[]) => r[i], cell: (r: unknown[]) => visible(valueText(r[i], c, zone).slice(0, 200)) }];
    });
  }, [result, columns, zone]);
  const row = open === undefined ? undefined : result.rows[open];
  return (
    <>
      <DataGrid columns={list} rows={result.rows} label="Records" remember="records" onRow={(_, i) => setOpen(i)} selected={open} />
      {row && (
        <Dialog title="Record" wide close={() => setOpen(undefined)}>
          <RecordDetail row={row} columns={result.columns} zone={zone} shown={columns} actions={{ ...actions, filter: (f, v, n) => (setOpen(undefined), actions.filter(f, v, n)), group: (f) => (setOpen(undefined), actions.group(f)) }} />
        </Dialog>
      )}
    </>
  );
}
