import { useState, type FormEvent } from "react";
import { api, type Session } from "../api/client";
import { Logo } from "../app";
import { Button, Spinner } from "../ui/controls";

export function Login({ done }: { done: (s: Session) => void }) {
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setProblem("");
    try {
      done(await api.logIn(user, password));
    } catch (e) {
      setProblem(e instanceof Error ? e.message : String(e));
      setPassword("");
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="login">
      <form className="card" onSubmit={(e) => void submit(e)}>
        <div className="row">
          <Logo size={30} />
          <h1>Log in to Ledgerline</h1>
        </div>
        <label className="field">
          <span>User</span>
          <input className="input" name="user" autoComplete="username" value={user} onChange={(e) => setUser(e.target.value)} required autoFocus />
        </label>
        <label className="field">
          <span>Password</span>
          <input className="input" name="password" type="password" autoComplete="current-password" value={password} onChange={(e) => setPassword(e.target.value)} required />
        </label>
        {problem && <div className="notice bad" role="alert">{problem}</div>}
        <Button kind="primary" type="submit" disabled={busy}>
          {busy ? <Spinner label="Logging in" /> : "Log in"}
        </Button>
        <p className="muted">
          Users are made with <code>ledgerline users add</code>.
        </p>
      </form>
    </main>
  );
}
