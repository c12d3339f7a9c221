import "../styles/viz.css";
import "../styles/admin.css";
import { Link, splitLocation, useLocation } from "../router";
import { Connections } from "./Connections";
import { Overview } from "./Overview";
import { Quarantine } from "./Quarantine";
import { Runs } from "./Runs";

export default function Integrations() {
  const { segments, params } = splitLocation(useLocation());
  const tab = segments[1] ?? "overview";
  return (
    <>
      <header className="page-head">
        <h1>Integrations</h1>
      </header>
      <nav className="tabs page-tabs" aria-label="Integrations">
        {[["overview", "Integrations"], ["runs", "Runs"], ["connections", "Connections"], ["quarantine", "Quarantine"]].map(([id, name]) => (
          <Link key={id} to={"/integrations/" + id} aria-current={tab === id ? "page" : undefined}>{name}</Link>
        ))}
      </nav>
      <div className="page-body">
        {tab === "runs" ? <Runs integration={params.get("integration") ?? ""} open={Number(params.get("run") ?? 0)} /> : tab === "connections" ? <Connections /> : tab === "quarantine" ? <Quarantine /> : <Overview />}
      </div>
    </>
  );
}
