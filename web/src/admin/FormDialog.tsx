import { useState, type ReactNode } from "react";
import { Button, Dialog, ErrorNotice, Spinner } from "../ui/controls";

type Props = { title: string; ready: boolean; save: () => Promise<unknown>; remove?: { name: string; call: () => Promise<unknown> }; close: () => void; wide?: boolean; children: ReactNode };

/** FormDialog saves what its fields hold, or deletes the item; it stays open when the server refuses, and says why. */
export function FormDialog({ title, ready, save, remove, close, wide, children }: Props) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const run = async (f: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await f();
      close();
    } catch (e) {
      setProblem(e);
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={title}
      wide={wide}
      close={close}
      footer={
        <>
          {remove && <Button kind="danger" icon="trash" disabled={busy} onClick={() => window.confirm(`Delete ${remove.name}?`) && void run(remove.call)}>Delete</Button>}
          <span className="grow" />
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" icon="check" disabled={!ready || busy} onClick={() => void run(save)}>{busy ? <Spinner label="Saving" /> : "Save"}</Button>
        </>
      }
    >
      {children}
      {problem !== undefined && <ErrorNotice error={problem} />}
    </Dialog>
  );
}

/** TextField is a text with its name above it. */
export function TextField({ name, value, onChange, placeholder, mono, disabled, hint }: { name: string; value: string; onChange: (v: string) => void; placeholder?: string; mono?: boolean; disabled?: boolean; hint?: string }) {
  return (
    <label className="field">
      <span>{name}</span>
      <input className={"input" + (mono ? " mono" : "")} value={value} placeholder={placeholder} disabled={disabled} autoComplete="off" onChange={(e) => onChange(e.target.value)} />
      {hint && <small className="muted">{hint}</small>}
    </label>
  );
}
