import "../styles/admin.css";
import { useEffect, useRef } from "react";
import { useLocation, Link, splitLocation } from "../router";
import { ContentPage } from "./ContentPage";
import { Entities } from "./Entities";
import { Lookups } from "./Lookups";
import { LogGroups } from "./LogGroups";
import { Storage } from "./Storage";
import { Uploads } from "./Uploads";
import { Users } from "./Users";
import { Workbench } from "./Workbench";

const pages: [id: string, name: string][] = [
  ["storage", "Storage"], ["log-groups", "Log groups"], ["uploads", "Uploads"], ["sources", "Log sources"], ["parsers", "Parsers"], ["fields", "Fields"], ["labels", "Labels"], ["lookups", "Lookups"], ["entities", "Entities"], ["users", "Users and API keys"],
];

export default function Admin() {
  const { segments } = splitLocation(useLocation());
  const page = segments[1] ?? "storage";
  const tabs = useRef<HTMLElement>(null);
  useEffect(() => {
    tabs.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [page]);
  return (
    <>
      <header className="page-head"><h1>Administration</h1></header>
      <nav ref={tabs} className="tabs page-tabs" aria-label="Administration">
        {pages.map(([id, name]) => <Link key={id} to={"/admin/" + id} aria-current={page === id ? "page" : undefined}>{name}</Link>)}
      </nav>
      <div className="page-body">{show(page, segments[2])}</div>
    </>
  );
}

function show(page: string, item: string | undefined) {
  switch (page) {
    case "log-groups":
      return <LogGroups />;
    case "uploads":
      return <Uploads />;
    case "sources":
    case "fields":
    case "labels":
      return <ContentPage kind={page} />;
    case "parsers":
      return item === undefined ? <ContentPage kind="parsers" /> : <Workbench key={item} name={item === "new" ? "" : item} />;
    case "lookups":
      return <Lookups />;
    case "entities":
      return <Entities />;
    case "users":
      return <Users />;
  }
  return <Storage />;
}
