import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "../api/client";
import type { components } from "../api/schema.gen";
import { number } from "../lib/format";
import { Button, Empty, ErrorNotice, Spinner } from "../ui/controls";
import { own } from "./useIntegrations";

type Refused = components["schemas"]["Quarantined"];

/** Quarantine lists files that a sink refused for good. */
export function Quarantine() {
  const client = useQueryClient();
  const list = useQuery({ queryKey: ["quarantine"], queryFn: () => call<{ items: Refused[] }>(own + "/quarantine").then((r) => r.items) });
  const retry = useMutation({ mutationFn: (q: Refused) => call(own + "/quarantine/actions/retry", { method: "POST", body: { file: q.file, sink: q.sink } }), onSettled: () => client.invalidateQueries({ queryKey: ["quarantine"] }) });
  if (list.isPending) return <Empty title=""><Spinner /></Empty>;
  if (list.isError) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (list.data.length === 0) return <Empty title="Nothing is in quarantine">What a sink refuses for good is kept here, to be given to it again.</Empty>;
  return (
    <>
      {retry.isError && <ErrorNotice error={retry.error} />}
      <div className="card scroll-x">
        <table className="data stacked">
          <thead><tr><th>File</th><th>Integration</th><th className="num">Records</th><th>Sink</th><th>Reason</th><th /></tr></thead>
          <tbody>
            {list.data.map((q) => (
              <tr key={q.file + q.sink}>
                <td className="wrap" data-th="File">{q.name}</td><td data-th="Integration">{q.integration}</td><td className="num" data-th="Records">{number(q.records)}</td><td className="wrap" data-th="Sink">{q.sink}</td><td className="wrap" data-th="Reason">{q.reason}</td>
                <td><Button small disabled={retry.isPending} aria-label={`Try ${q.name} again`} onClick={() => retry.mutate(q)}>Try again</Button></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
