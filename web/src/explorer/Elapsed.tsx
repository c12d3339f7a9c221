import { useEffect, useState } from "react";

const PATIENCE = 2; // seconds after which waiting is worth a number

/** Elapsed tells how long a query has been running, once it takes long. */
export function Elapsed() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const begin = Date.now();
    const timer = setInterval(() => setSeconds(Math.floor((Date.now() - begin) / 1000)), 250);
    return () => clearInterval(timer);
  }, []);
  return seconds < PATIENCE ? null : <span className="muted num elapsed" role="timer">{seconds} s</span>;
}
