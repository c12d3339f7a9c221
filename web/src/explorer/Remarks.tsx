import type { Result } from "../api/client";
import { Icon } from "../ui/icons";

/** remarksOf are what the server says beside a result: what looks like a slip of the query, and what is missing from the rows. */
export const remarksOf = (r: Result): string[] => [...(r.partial ? [r.partial] : []), ...(r.hints ?? [])];

/** Remarks lists them. */
export function Remarks({ result }: { result: Result }) {
  const list = remarksOf(result);
  if (list.length === 0) return null;
  return (
    <ul className="remarks" aria-label="Remarks on the result">
      {list.map((text) => <li key={text}><Icon name="hint" size={14} /> {text}</li>)}
    </ul>
  );
}
