import { useState } from "react";
import type { Column } from "../api/client";
import { Button, Popover } from "../ui/controls";

/** ColumnsMenu chooses which fields of records are shown, and in which order. */
export function ColumnsMenu({ columns, chosen, onChange }: { columns: Column[]; chosen: string[]; onChange: (names: string[]) => void }) {
  const [find, setFind] = useState("");
  const move = (name: string, by: number) => {
    const list = chosen.filter((c) => c !== name);
    list.splice(Math.max(0, chosen.indexOf(name) + by), 0, name);
    onChange(list);
  };
  const rest = columns.map((c) => c.name).filter((n) => !chosen.includes(n) && n.toLowerCase().includes(find.toLowerCase())).sort();
  return (
    <Popover role="dialog" align="right" label="Columns" trigger={(p) => <Button {...p} small icon="columns">Columns</Button>}>
      {() => (
        <div className="columns-menu">
          <input className="input" placeholder="Find a field" aria-label="Find a field" value={find} onChange={(e) => setFind(e.target.value)} />
          <ul>
            {chosen.map((name, i) => (
              <li key={name}>
                <label className="grow"><input type="checkbox" checked onChange={() => onChange(chosen.filter((c) => c !== name))} /> {name}</label>
                <Button kind="quiet" small aria-label={`Move ${name} up`} disabled={i === 0} onClick={() => move(name, -1)}>↑</Button>
                <Button kind="quiet" small aria-label={`Move ${name} down`} disabled={i === chosen.length - 1} onClick={() => move(name, 1)}>↓</Button>
              </li>
            ))}
            {chosen.length > 0 && <hr />}
            {rest.map((name) => (
              <li key={name}>
                <label className="grow"><input type="checkbox" checked={false} onChange={() => onChange([...chosen, name])} /> {name}</label>
              </li>
            ))}
          </ul>
          {chosen.length > 0 && <Button small onClick={() => onChange([])}>Choose by what they hold</Button>}
        </div>
      )}
    </Popover>
  );
}
