import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { call } from "../api/client";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { FormDialog, TextField } from "./FormDialog";
import { when } from "./when";

const own = "/ledgerline/v1";

type User = { id: string; name: string; description: string; groups: string[]; password: boolean; disabled: boolean; readOnly: boolean; keys: number; timeCreated?: string };
type Key = { fingerprint: string; keyId?: string; timeCreated?: string };

/** Users lists who may use this server, with the API keys of each. */
export function Users() {
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["users"], queryFn: () => call<{ items: User[] }>(own + "/users").then((r) => r.items) });
  const [open, setOpen] = useState<string>();
  const [making, setMaking] = useState(false);
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} />;
  return (
    <>
      <div className="row"><span className="grow" /><Button kind="primary" icon="plus" onClick={() => setMaking(true)}>New user</Button></div>
      <div className="card scroll-x">
        <table className="data">
          <thead><tr><th /><th>Name</th><th>Groups</th><th>Logs in with</th><th className="num">API keys</th><th>Created</th></tr></thead>
          <tbody>
            {list.data.map((u) => (
              <Fragment key={u.id}>
                <tr>
                  <td><Button kind="quiet" small icon={open === u.id ? "down" : "right"} aria-expanded={open === u.id} label={`Keys of ${u.name}`} onClick={() => setOpen(open === u.id ? undefined : u.id)} /></td>
                  <td><strong>{u.name}</strong> {u.disabled && <span className="tag bad">disabled</span>} {u.readOnly && <span className="tag">from the configuration</span>}<div className="muted mono wrap">{u.id}</div></td>
                  <td>{u.groups.join(", ")}</td><td>{u.password ? "password" : "API key only"}</td><td className="num">{u.keys}</td><td className="nowrap">{when(u.timeCreated)}</td>
                </tr>
                {open === u.id && <tr><td /><td colSpan={5}><Keys user={u.id} /></td></tr>}
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

function Keys({ user }: { user: string }) {
  const client = useQueryClient();
  const at = `${own}/users/${encodeURIComponent(user)}/keys`;
  const list = useQuery({ queryKey: ["keys", user], queryFn: () => call<{ items: Key[] }>(at).then((r) => r.items) });
  const [pem, setPem] = useState("");
  const done = () => client.invalidateQueries({ queryKey: ["keys", user] });
  const add = useMutation({ mutationFn: () => call(at, { method: "POST", body: { publicKey: pem } }), onSuccess: () => (setPem(""), done()) });
  const revoke = useMutation({ mutationFn: (fingerprint: string) => call(`${at}/${encodeURIComponent(fingerprint)}`, { method: "DELETE" }), onSuccess: done });
  if (list.isPending) return <Spinner />;
  if (list.isError) return <ErrorNotice error={list.error} />;
  return (
    <div className="stack">
      {list.data.length === 0 && <p className="muted">No API keys.</p>}
      {list.data.map((k) => <div key={k.fingerprint} className="row"><code>{k.fingerprint}</code><span className="muted">{when(k.timeCreated)}</span><Button small kind="danger" onClick={() => window.confirm("Revoke this key? Calls signed with it are refused at once.") && revoke.mutate(k.fingerprint)}>Revoke</Button></div>)}
      <label className="field"><span>Add a public key (PEM)</span><textarea className="textarea mono" rows={3} value={pem} onChange={(e) => setPem(e.target.value)} placeholder="-----BEGIN PUBLIC KEY-----" /></label>
      <div><Button small disabled={pem.trim() === "" || add.isPending} onClick={() => add.mutate()}>Add the key</Button></div>
      {(add.isError || revoke.isError) && <ErrorNotice error={add.error ?? revoke.error} />}
    </div>
  );
}
