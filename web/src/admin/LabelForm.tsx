import { useState } from "react";
import type { Content } from "../api/client";
import { FormDialog, TextField } from "./FormDialog";
import { change, remove, useNamespace } from "./oci";

type Label = Content["labels"][number] & { aliases?: { alias: string }[] };

/** LabelForm makes a label, or changes one of one's own. Which records get it, log sources say. */
export function LabelForm({ label, close }: { label?: Label; close: () => void }) {
  const { at } = useNamespace();
  const [name, setName] = useState(label?.displayName ?? "");
  const [priority, setPriority] = useState(label?.priority ?? "NONE");
  const [description, setDescription] = useState(label?.description ?? "");
  return (
    <FormDialog
      title={label ? `Label ${label.displayName}` : "New label"}
      ready={at !== "" && name.trim() !== ""}
      save={() => change(at + "/labels/actions/upsert", { ...(label ? { name: label.name } : {}), displayName: name.trim(), description, priority, aliases: label?.aliases ?? [] })}
      remove={label && { name: `the label ${label.displayName}`, call: () => remove(`${at}/labels/${encodeURIComponent(label.name)}`) }}
      close={close}
    >
      <TextField name="Name" value={name} onChange={setName} />
      <label className="field">
        <span>Priority of the problem</span>
        <select className="select" value={priority} onChange={(e) => setPriority(e.target.value)}>
          {[["NONE", "none: it marks no problem"], ["LOW", "low"], ["MEDIUM", "medium"], ["HIGH", "high"]].map(([id, text]) => <option key={id} value={id}>{text}</option>)}
        </select>
      </label>
      <TextField name="Description" value={description} onChange={setDescription} />
    </FormDialog>
  );
}
