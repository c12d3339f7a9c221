import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call } from "../api/client";
import { useStatus } from "../session/session";
import { Button, ErrorNotice, save, Spinner } from "../ui/controls";
import { newKey, profile } from "./keypair";
import { when } from "./when";

type Key = { fingerprint: string; timeCreated?: string; readOnly?: boolean };

const KEY_FILE = "ledgerline-key.pem";

/** Keys are a user's API keys: one is made here or given, and each can be revoked. */
export function Keys({ user, readOnly }: { user: string; readOnly: boolean }) {
  const client = useQueryClient();
  const status = useStatus();
  const at = `/ledgerline/v1/users/${encodeURIComponent(user)}/keys`;
  const list = useQuery({ queryKey: ["keys", user], queryFn: () => call<{ items: Key[] }>(at).then((r) => r.items) });
  const [pem, setPem] = useState("");
  const done = () => Promise.all([["keys", user], ["users"]].map((queryKey) => client.invalidateQueries({ queryKey })));
  const put = (key: string) => call<Key>(at, { method: "POST", body: { key } });
  const add = useMutation({ mutationFn: () => put(pem), onSuccess: () => (setPem(""), done()) });
  const make = useMutation({
    mutationFn: async () => {
      const pair = await newKey();
      const { fingerprint } = await put(pair.publicKey);
      save(KEY_FILE, new Blob([pair.privateKey], { type: "application/x-pem-file" }));
      return profile({ user, fingerprint, tenancy: status.data?.tenancy ?? "", keyFile: "~/.oci/" + KEY_FILE });
    },
    onSuccess: done,
  });
  const revoke = useMutation({ mutationFn: (fingerprint: string) => call(`${at}/${encodeURIComponent(fingerprint)}`, { method: "DELETE" }), onSuccess: done });
  if (list.isPending) return <Spinner />;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  return (
    <div className="stack">
      {list.data.length === 0 && <p className="muted">No API keys.</p>}
      {list.data.map((k) => (
        <div key={k.fingerprint} className="row">
          <code className="wrap">{k.fingerprint}</code><span className="muted">{when(k.timeCreated)}</span>
          {k.readOnly ? <span className="tag">from the configuration</span> : <Button small kind="danger" aria-label={`Revoke ${k.fingerprint}`} onClick={() => window.confirm("Revoke this key? Calls signed with it are refused at once.") && revoke.mutate(k.fingerprint)}>Revoke</Button>}
        </div>
      ))}
      {make.data && (
        <div className="notice good" role="status">
          <strong>The private key is in your downloads, and nowhere else.</strong>
          <span>Move it to ~/.oci, let nobody else read it, and put this into ~/.oci/config; clients are pointed at {window.location.origin} with --endpoint.</span>
          <pre className="code" tabIndex={0}>{make.data}</pre>
          <Button small icon="copy" onClick={() => void navigator.clipboard?.writeText(make.data)}>Copy the configuration</Button>
        </div>
      )}
      {readOnly ? <p className="muted">The keys of this user stand under server.users in the configuration file.</p> : (
        <>
          <div className="row">
            <Button small icon="plus" disabled={make.isPending || !window.isSecureContext} title={window.isSecureContext ? undefined : "Browsers make keys on pages by https, or of this machine"} onClick={() => make.mutate()}>{make.isPending ? <Spinner label="Making a key" /> : "Make a key"}</Button>
            <span className="muted">The private half is made in this browser and not sent.</span>
          </div>
          <label className="field"><span>Or add the public half of one (PEM)</span><textarea className="textarea mono" rows={3} value={pem} onChange={(e) => setPem(e.target.value)} placeholder="-----BEGIN PUBLIC KEY-----" /></label>
          <div><Button small disabled={pem.trim() === "" || add.isPending} onClick={() => add.mutate()}>Add the key</Button></div>
        </>
      )}
      {(add.isError || make.isError || revoke.isError) && <ErrorNotice error={add.error ?? make.error ?? revoke.error} />}
    </div>
  );
}
