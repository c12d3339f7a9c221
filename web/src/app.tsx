import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, type ReactNode } from "react";
import { ApiError, setCsrfToken, api, whenLoggedOut, type Session } from "./api/client";
import { Explorer } from "./explorer/Explorer";
import { Link, navigate, splitLocation, useLocation } from "./router";
import { Login } from "./session/Login";
import { SessionContext } from "./session/session";
import { applyTheme, useTheme } from "./theme";
import { Boundary } from "./ui/Boundary";
import { Button, Empty, ErrorNotice, MenuItem, Popover, Spinner } from "./ui/controls";
import { Icon, type IconName } from "./ui/icons";

const Dashboards = lazy(() => import("./dashboards/Dashboards"));
const Integrations = lazy(() => import("./integrations/Integrations"));
const Admin = lazy(() => import("./admin/Admin"));

const sections: { path: string; name: string; icon: IconName }[] = [
  { path: "explore", name: "Log Explorer", icon: "search" },
  { path: "dashboards", name: "Dashboards", icon: "dashboard" },
  { path: "integrations", name: "Integrations", icon: "plug" },
  { path: "admin", name: "Administration", icon: "gear" },
];

/** App asks who is there, and shows the login or the page of the address. */
export function App() {
  const client = useQueryClient();
  const session = useQuery({
    queryKey: ["session"],
    queryFn: async () => {
      try {
        const s = await api.session();
        setCsrfToken(s.csrfToken ?? "");
        return s;
      } catch (e) {
        if (e instanceof ApiError && e.status === 401) return null;
        throw e;
      }
    },
    staleTime: Infinity,
  });
  useEffect(() => whenLoggedOut(() => client.setQueryData(["session"], null)), [client]);

  if (session.isPending) return <Empty title=""><Spinner /></Empty>;
  if (session.isError) return <div className="login"><ErrorNotice error={session.error} retry={() => void session.refetch()} /></div>;
  if (session.data === null) {
    return (
      <Login
        done={(s) => {
          setCsrfToken(s.csrfToken ?? "");
          client.removeQueries({ predicate: (q) => q.queryKey[0] !== "session" }); // what somebody else saw
          client.setQueryData(["session"], s);
        }}
      />
    );
  }
  return (
    <SessionContext.Provider value={session.data}>
      <Shell session={session.data} loggedOut={() => client.setQueryData(["session"], null)} />
    </SessionContext.Provider>
  );
}

function Shell({ session, loggedOut }: { session: Session; loggedOut: () => void }) {
  const location = useLocation();
  const { segments } = splitLocation(location);
  const section = segments[0] ?? "";
  useEffect(() => {
    if (section === "") navigate("/explore", { replace: true });
    document.title = (sections.find((s) => s.path === section)?.name ?? "Ledgerline") + " · Ledgerline";
  }, [section]);
  return (
    <div className="shell">
      <a className="skip" href="#main">Skip to the page</a>
      <nav className="nav" aria-label="Sections">
        <div className="brand">
          <Logo />
          <span className="text">Ledgerline</span>
        </div>
        {sections.map((s) => (
          <Link key={s.path} className="item" to={"/" + s.path} aria-current={s.path === section ? "page" : undefined} title={s.name} aria-label={s.name}>
            <Icon name={s.icon} size={18} />
            <span className="text">{s.name}</span>
          </Link>
        ))}
        <span className="spacer" />
        <Account session={session} loggedOut={loggedOut} />
      </nav>
      <main className="main" id="main" tabIndex={-1}>
        <Boundary key={section}>
          <Suspense fallback={<Empty title=""><Spinner /></Empty>}>{page(section)}</Suspense>
        </Boundary>
      </main>
    </div>
  );
}

function page(section: string): ReactNode {
  switch (section) {
    case "":
    case "explore":
      return <Explorer />;
    case "dashboards":
      return <Dashboards />;
    case "integrations":
      return <Integrations />;
    case "admin":
      return <Admin />;
  }
  return (
    <Empty title="There is no such page">
      <Link to="/explore">Go to Log Explorer</Link>
    </Empty>
  );
}

function Account({ session, loggedOut }: { session: Session; loggedOut: () => void }) {
  const theme = useTheme();
  return (
    <Popover
      label="Account"
      trigger={(p) => (
        <Button {...p} kind="quiet" className="account" aria-label={`Account of ${session.user.name}`}>
          <Icon name="user" size={18} />
          <span className="text ellipsis">{session.user.name}</span>
        </Button>
      )}
    >
      {(close) => (
        <>
          <div className="title">{session.user.name}</div>
          <MenuItem icon={theme === "dark" ? "sun" : "moon"} onClick={() => (applyTheme(theme === "dark" ? "light" : "dark"), close())}>
            {theme === "dark" ? "Light theme" : "Dark theme"}
          </MenuItem>
          {session.csrfToken && (
            <MenuItem icon="logout" onClick={() => void api.logOut().finally(loggedOut)}>
              Log out
            </MenuItem>
          )}
        </>
      )}
    </Popover>
  );
}

export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0f5f8c" />
      <path d="M9 8v15h14" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" strokeLinejoin="round" />
      <path d="M14 17.5h3M14 12.5h8" stroke="#9fd3f0" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}
