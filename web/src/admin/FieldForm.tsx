import { useState } from "react";
import type { Content } from "../api/client";
import { FormDialog, TextField } from "./FormDialog";
import { change, remove, useNamespace } from "./oci";

type Field = Content["fields"][number];
const TYPES = ["STRING", "LONG", "DOUBLE", "TIMESTAMP"];

/** FieldForm makes a field, or changes one of one's own. */
export function FieldForm({ field, close }: { field?: Field; close: () => void }) {
  const { at } = useNamespace();
  const [name, setName] = useState(field?.displayName ?? "");
  const [type, setType] = useState(field?.dataType ?? "STRING");
  const [list, setList] = useState(field?.isMultiValued ?? false);
  const [description, setDescription] = useState(field?.description ?? "");
  return (
    <FormDialog
      title={field ? `Field ${field.displayName}` : "New field"}
      ready={at !== "" && name.trim() !== ""}
      save={() => change(at + "/fields/actions/upsert", { ...(field ? { name: field.name } : {}), displayName: name.trim(), description, dataType: type, isMultiValued: list })}
      remove={field && { name: `the field ${field.displayName}`, call: () => remove(`${at}/fields/${encodeURIComponent(field.name)}`) }}
      close={close}
    >
      <TextField name="Name" value={name} onChange={setName} hint="As queries spell it." />
      <label className="field"><span>Type</span><select className="select" value={type} disabled={field !== undefined} onChange={(e) => setType(e.target.value)}>{[...new Set([...TYPES, type])].map((t) => <option key={t} value={t}>{t.toLowerCase()}</option>)}</select></label>
      {field && <p className="muted">The type of a field stays: what is stored has it.</p>}
      <label className="row"><input type="checkbox" checked={list} onChange={(e) => setList(e.target.checked)} /> A record may hold several values</label>
      <TextField name="Description" value={description} onChange={setDescription} />
    </FormDialog>
  );
}
