import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { call } from "../api/client";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { useSession } from "../session/session";
import { FormDialog, TextField } from "./FormDialog";
import { Keys } from "./Keys";
import { when } from "./when";

const own = "/ledgerline/v1";

type User = { id: string; name: string; description: string; groups: string[]; issuer?: string; password: boolean; disabled: boolean; readOnly: boolean; keys: number; timeCreated?: string };

const loginOf = (u: User) => (u.issuer ? "identity provider" : u.password ? "password" : "API key only");

const farewell = (u: User) => `Delete ${u.name} for good? Its sessions end, and its keys are refused at once. The audit keeps its name.` + (u.issuer ? " The next login by the identity provider makes the user again: to keep somebody out, disable the user instead." : "");

/** Users lists who may use this server, with the API keys of each. */
export function Users() {
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["users"], queryFn: () => call<{ items: User[] }>(own + "/users").then((r) => r.items) });
  const [open, setOpen] = useState<string>();
  const [making, setMaking] = useState(false);
  const able = useMutation({ mutationFn: (u: User) => call(`${own}/users/${encodeURIComponent(u.id)}`, { method: "PUT", body: { disabled: !u.disabled } }), onSettled: () => client.invalidateQueries({ queryKey: ["users"] }) });
  const gone = useMutation({ mutationFn: (u: User) => call(`${own}/users/${encodeURIComponent(u.id)}`, { method: "DELETE" }), onSettled: () => client.invalidateQueries({ queryKey: ["users"] }) });
  const me = useSession().user.id;
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  return (
    <>
      <div className="row"><span className="grow" /><Button kind="primary" icon="plus" onClick={() => setMaking(true)}>New user</Button></div>
      {(able.isError || gone.isError) && <ErrorNotice error={able.error ?? gone.error} />}
      <div className="card scroll-x">
        <table className="data stacked">
          <thead><tr><th /><th>Name</th><th>Groups</th><th>Logs in with</th><th className="num">API keys</th><th>Created</th><th /></tr></thead>
          <tbody>
            {list.data.map((u) => (
              <Fragment key={u.id}>
                <tr>
                  <td><Button kind="quiet" small icon={open === u.id ? "down" : "right"} aria-expanded={open === u.id} label={`Keys of ${u.name}`} onClick={() => setOpen(open === u.id ? undefined : u.id)} /></td>
                  <td data-th="Name"><div><strong>{u.name}</strong> {u.disabled && <span className="tag bad">disabled</span>} {u.readOnly && <span className="tag">from the configuration</span>}<div className="muted mono wrap">{u.id}</div></div></td>
                  <td data-th="Groups">{u.groups.join(", ")}</td><td data-th="Logs in with">{loginOf(u)}</td><td className="num" data-th="API keys">{u.keys}</td><td className="nowrap" data-th="Created">{when(u.timeCreated)}</td>
                  <td>
                    {!u.readOnly && u.id !== me && (
                      <span className="row">
                        <Button small kind={u.disabled ? undefined : "danger"} disabled={able.isPending} aria-label={`${u.disabled ? "Enable" : "Disable"} ${u.name}`} onClick={() => (u.disabled || window.confirm(`Disable ${u.name}? Its sessions end, and its keys are refused at once.`)) && able.mutate(u)}>{u.disabled ? "Enable" : "Disable"}</Button>
                        <Button small kind="quiet" icon="trash" label={`Delete ${u.name}`} disabled={gone.isPending} onClick={() => window.confirm(farewell(u)) && gone.mutate(u)} />
                      </span>
                    )}
                  </td>
                </tr>
                {open === u.id && <tr><td /><td colSpan={6}><Keys user={u.id} readOnly={u.readOnly} /></td></tr>}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      {making && <NewUser close={() => (setMaking(false), void client.invalidateQueries({ queryKey: ["users"] }))} />}
    </>
  );
}

function NewUser({ close }: { close: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [admin, setAdmin] = useState(false);
  return (
    <FormDialog title="New user" ready={name.trim() !== ""} save={() => call(own + "/users", { method: "POST", body: { name: name.trim(), password, groups: admin ? ["Administrators"] : [] } })} close={close}>
      <TextField name="Name" value={name} onChange={setName} />
      <label className="field"><span>Password (leave empty for a user who only signs calls)</span><input className="input" type="password" autoComplete="new-password" value={password} onChange={(e) => setPassword(e.target.value)} /></label>
      <label className="row"><input type="checkbox" checked={admin} onChange={(e) => setAdmin(e.target.checked)} /> Administrator</label>
    </FormDialog>
  );
}
