import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../api/client";
import { exploreHref } from "../explorer/state";
import { quote } from "../lib/querytext";
import { Link } from "../router";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { visible } from "../ui/Text";
import { FormDialog, TextField } from "./FormDialog";
import { change, remove, useNamespace } from "./oci";
import { when } from "./when";

type Entity = { id: string; name: string; entityTypeName: string; entityTypeInternalName?: string; hostname?: string; timezoneRegion?: string; cloudResourceId?: string; properties?: Record<string, string>; timeCreated?: string };
type EntityType = { name: string; internalName: string };

/** Entities lists what logs are about: an instance, a host, a database. */
export function Entities() {
  const client = useQueryClient();
  const { at, tenancy } = useNamespace();
  const compartment = `?limit=1000&compartmentId=${encodeURIComponent(tenancy)}`;
  const list = useQuery({ queryKey: ["entities", at], enabled: at !== "", queryFn: () => call<{ items: Entity[] }>(`${at}/logAnalyticsEntities${compartment}&sortBy=name&sortOrder=ASC`).then((r) => r.items) });
  const [open, setOpen] = useState<Entity | "new">();
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  return (
    <>
      <div className="row">
        <span className="muted grow about">An entity is what logs are about. Uploads may name it, and records of it are found by it.</span>
        <Button kind="primary" icon="plus" onClick={() => setOpen("new")}>New entity</Button>
      </div>
      {list.data.length === 0 ? <Empty title="No entities yet">Records need none; make one to group uploads by the instance they came from.</Empty> : (
        <div className="card scroll-x">
          <table className="data stacked">
            <thead><tr><th>Name</th><th>Type</th><th>Host</th><th>Time zone</th><th>Created</th><th>OCID</th><th /></tr></thead>
            <tbody>
              {list.data.map((e) => (
                <tr key={e.id}>
                  <td className="nowrap" data-th="Name"><Link to={exploreHref(`Entity = ${quote(e.name)}`, { last: "30d" })}>{visible(e.name)}</Link></td>
                  <td className="nowrap" data-th="Type">{e.entityTypeName}</td><td data-th="Host">{visible(e.hostname ?? "")}</td><td data-th="Time zone">{e.timezoneRegion}</td>
                  <td className="nowrap" data-th="Created">{when(e.timeCreated)}</td><td className="mono wrap" data-th="OCID">{e.id}</td>
                  <td><Button kind="quiet" small icon="edit" label={`Edit ${e.name}`} onClick={() => setOpen(e)} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {open && <EntityForm entity={open === "new" ? undefined : open} close={() => (setOpen(undefined), void client.invalidateQueries({ queryKey: ["entities"] }))} />}
    </>
  );
}

function EntityForm({ entity, close }: { entity?: Entity; close: () => void }) {
  const { at, tenancy } = useNamespace();
  const types = useQuery({ queryKey: ["entity types", at], enabled: at !== "", queryFn: () => call<{ items: EntityType[] }>(`${at}/logAnalyticsEntityTypes?limit=1000`).then((r) => r.items) });
  const [name, setName] = useState(entity?.name ?? "");
  const [type, setType] = useState(entity?.entityTypeName ?? "Oracle Integration");
  const [hostname, setHostname] = useState(entity?.hostname ?? "");
  const [zone, setZone] = useState(entity?.timezoneRegion ?? "");
  const [resource, setResource] = useState(entity?.cloudResourceId ?? "");
  const body = { name: name.trim(), hostname: hostname || undefined, timezoneRegion: zone || undefined };
  const path = entity && `${at}/logAnalyticsEntities/${encodeURIComponent(entity.id)}`;
  return (
    <FormDialog
      title={entity ? `Entity ${entity.name}` : "New entity"}
      ready={at !== "" && name.trim() !== ""}
      save={() => (path ? change(path, body, { method: "PUT" }) : change(at + "/logAnalyticsEntities", { ...body, compartmentId: tenancy, entityTypeName: type, cloudResourceId: resource || undefined }))}
      remove={path ? { name: `the entity ${entity.name}`, call: () => remove(path) } : undefined}
      close={close}
    >
      <TextField name="Name" value={name} onChange={setName} />
      <label className="field">
        <span>Type</span>
        <select className="select" value={type} disabled={entity !== undefined} onChange={(e) => setType(e.target.value)}>{[...new Set([type, ...(types.data ?? []).map((t) => t.name)])].map((t) => <option key={t}>{t}</option>)}</select>
      </label>
      <TextField name="Host name" value={hostname} onChange={setHostname} />
      <TextField name="Time zone of its logs" value={zone} onChange={setZone} placeholder="UTC, Europe/Berlin" />
      <TextField name="OCID of the cloud resource" value={resource} onChange={setResource} disabled={entity !== undefined} mono />
    </FormDialog>
  );
}
