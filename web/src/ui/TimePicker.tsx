import { useState } from "react";
import { absolute, dayRange, formatTime, fromLocal, parseLast, QUICK, rangeLabel, resolve, toLocal, type Range } from "../lib/time";
import { Button, Popover } from "./controls";

const zones = (() => {
  const all = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
  return ["UTC", ...all.filter((z) => z !== "UTC")];
})();

type Props = { range: Range; zone: string; now: number; onChange: (r: Range) => void; onZone?: (zone: string) => void };

/** TimePicker chooses a time range, relative or absolute, and the zone in which times are written. */
export function TimePicker({ range, zone, now, onChange, onZone }: Props) {
  const w = resolve(range, now);
  return (
    <Popover
      role="dialog"
      align="right"
      label="Time range"
      trigger={(p) => (
        <Button {...p} icon="clock" title={`${formatTime(w.from, zone, "second")} to ${formatTime(w.to, zone, "second")} (${zone})`} className="time-button">
          <span className="ellipsis">{rangeLabel(range, zone)}</span>
          <span className="muted zone-name">{zone}</span>
        </Button>
      )}
    >
      {(close) => (
        <div className="timepick">
          <div className="menu quick">
            {QUICK.map((q) => (
              <button key={q.last} type="button" aria-checked={"last" in range && range.last === q.last} role="radio" onClick={() => (onChange({ last: q.last }), close())}>
                {q.label}
              </button>
            ))}
            {["Today", "Yesterday"].map((name, before) => {
              const day = dayRange(Date.now(), zone, before);
              return (
                <button key={name} type="button" role="radio" aria-checked={JSON.stringify(day) === JSON.stringify(range)} onClick={() => (onChange(day), close())}>
                  {name}
                </button>
              );
            })}
          </div>
          <Absolute key={JSON.stringify(range) + zone} range={range} zone={zone} now={now} done={(r) => (onChange(r), close())} onZone={onZone} />
        </div>
      )}
    </Popover>
  );
}

function Absolute({ range, zone, now, done, onZone }: { range: Range; zone: string; now: number; done: (r: Range) => void; onZone?: (z: string) => void }) {
  const w = resolve(range, now);
  const [from, setFrom] = useState(toLocal(w.from, zone));
  const [to, setTo] = useState(toLocal(w.to, zone));
  const [last, setLast] = useState("last" in range ? range.last : "");
  const start = fromLocal(from, zone),
    end = fromLocal(to, zone);
  const wrong = !(start < end);
  return (
    <div className="absolute">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          if (!wrong) done(absolute({ from: start, to: end }));
        }}
      >
        <label className="field">
          <span>From</span>
          <input className="input mono" value={from} placeholder="2026-03-10 09:00" maxLength={30} aria-invalid={Number.isNaN(start)} onChange={(e) => setFrom(e.target.value)} />
        </label>
        <label className="field">
          <span>To</span>
          <input className="input mono" value={to} placeholder="2026-03-11" maxLength={30} aria-invalid={wrong} onChange={(e) => setTo(e.target.value)} />
        </label>
        {wrong && <span className="bad-text">{start >= end ? "From must be before To." : "Write times as 2026-03-10 09:00."}</span>}
        <Button kind="primary" type="submit" disabled={wrong}>
          Use this range
        </Button>
      </form>
      <form
        className="row"
        onSubmit={(e) => {
          e.preventDefault();
          if (!Number.isNaN(parseLast(last))) done({ last: last.trim() });
        }}
      >
        <label className="row grow">
          <span>Last</span>
          <input className="input grow" value={last} onChange={(e) => setLast(e.target.value)} placeholder="90m, 12h, 10d, 2w" size={8} />
        </label>
        <Button type="submit" disabled={Number.isNaN(parseLast(last))}>
          Set
        </Button>
      </form>
      {onZone && (
        <label className="field">
          <span>Time zone</span>
          <select className="select" value={zone} onChange={(e) => onZone(e.target.value)}>
            {!zones.includes(zone) && <option>{zone}</option>}
            {zones.map((z) => (
              <option key={z}>{z}</option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
