import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../api/client";
import type { components } from "../api/schema.gen";
import { exploreHref } from "../explorer/state";
import { quote } from "../lib/querytext";
import { Link } from "../router";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { FormDialog, TextField } from "./FormDialog";
import { change, remove, useNamespace } from "./oci";
import { when } from "./when";

type LogGroup = components["schemas"]["LogGroup"];

/** LogGroups lists the groups of logs that people are let into. */
export function LogGroups() {
  const client = useQueryClient();
  const { at, tenancy } = useNamespace();
  const list = useQuery({ queryKey: ["log groups", at], enabled: at !== "", queryFn: () => call<{ items: LogGroup[] }>(`${at}/logAnalyticsLogGroups?limit=1000&compartmentId=${encodeURIComponent(tenancy)}`).then((r) => r.items) });
  const [open, setOpen] = useState<LogGroup | "new">();
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  return (
    <>
      <div className="row">
        <span className="muted grow about">Uploads name the log group of their records; policies say who may read it.</span>
        <Button kind="primary" icon="plus" onClick={() => setOpen("new")}>New log group</Button>
      </div>
      <div className="card scroll-x">
        <table className="data stacked">
          <thead><tr><th>Name</th><th>Description</th><th>OCID</th><th>Created</th><th /></tr></thead>
          <tbody>
            {list.data.map((g) => (
              <tr key={g.id}>
                <td data-th="Name"><Link to={exploreHref(`'Log Group' = ${quote(g.displayName)}`, { last: "30d" })}>{g.displayName}</Link></td><td data-th="Description">{g.description}</td><td className="mono wrap" data-th="OCID">{g.id}</td><td className="nowrap" data-th="Created">{when(g.timeCreated)}</td>
                <td><Button kind="quiet" small icon="edit" label={`Edit ${g.displayName}`} onClick={() => setOpen(g)} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {open && <LogGroupForm group={open === "new" ? undefined : open} close={() => (setOpen(undefined), void client.invalidateQueries({ queryKey: ["log groups"] }))} />}
    </>
  );
}

function LogGroupForm({ group, close }: { group?: LogGroup; close: () => void }) {
  const { at, tenancy } = useNamespace();
  const [name, setName] = useState(group?.displayName ?? "");
  const [description, setDescription] = useState(group?.description ?? "");
  const path = group && `${at}/logAnalyticsLogGroups/${encodeURIComponent(group.id)}`;
  const body = { displayName: name.trim(), description };
  return (
    <FormDialog
      title={group ? `Log group ${group.displayName}` : "New log group"}
      ready={at !== "" && name.trim() !== ""}
      save={() => (path ? change(path, body, { method: "PUT" }) : change(`${at}/logAnalyticsLogGroups`, { ...body, compartmentId: tenancy }))}
      remove={path ? { name: `the log group ${group.displayName}`, call: () => remove(path) } : undefined}
      close={close}
    >
      <TextField name="Name" value={name} onChange={setName} />
      <TextField name="Description" value={description} onChange={setDescription} />
    </FormDialog>
  );
}
