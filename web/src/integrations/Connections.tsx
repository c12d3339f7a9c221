import { useMutation, useQuery } from "@tanstack/react-query";
import { call } from "../api/client";
import type { components } from "../api/schema.gen";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { Icon } from "../ui/icons";
import { own } from "./useIntegrations";

type Connection = components["schemas"]["Connection"];
type TestStep = components["schemas"]["TestStep"];

/** Connections lists what leads to Oracle; each is tested step by step. */
export function Connections() {
  const list = useQuery({ queryKey: ["connections"], queryFn: () => call<{ items: Connection[] }>(own + "/connections").then((r) => r.items) });
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (list.data.length === 0) return <Empty title="No connections">They are described in the configuration under connections.</Empty>;
  return <div className="integration-list">{list.data.map((c) => <ConnectionCard key={c.name} connection={c} />)}</div>;
}

function ConnectionCard({ connection: c }: { connection: Connection }) {
  const test = useMutation({ mutationFn: () => call<{ steps: TestStep[] }>(`${own}/connections/${encodeURIComponent(c.name)}/actions/test`, { method: "POST" }).then((r) => r.steps) });
  return (
    <section className="card" aria-label={c.name}>
      <header>
        <h2>{c.name}</h2>
        <span className="tag">{c.type}</span>
        <Button small icon="check" disabled={test.isPending} onClick={() => test.mutate()} aria-label={`Test ${c.name}`}>Test</Button>
      </header>
      <div className="body">
        <p className="mono wrap">{c.target}</p>
        {test.isPending && <Spinner label="Testing" />}
        {test.isError && <ErrorNotice error={test.error} />}
        {test.data && (
          <ul className="probes">
            {test.data.map((s, i) => (
              <li key={i} className={s.ok ? "ok" : "failed"}>
                <Icon name={s.ok ? "check" : "close"} />
                <div><strong>{s.name}</strong> <span className="wrap">{s.detail}</span>{s.hint && <pre className="code">{s.hint}</pre>}</div>
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
