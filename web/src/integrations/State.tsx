/** State is how a run or a step ended, or that it is under way. */
export function State({ state }: { state: string }) {
  const kind = state === "succeeded" ? "good" : state === "failed" ? "bad" : state === "running" ? "accent" : "warn";
  return <span className={"tag " + kind}>{state}</span>;
}
