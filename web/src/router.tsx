import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from "react";

// The address holds the state of a page, so that a link reproduces what is seen.

const BASE = "/ui";

const listeners = new Set<() => void>();

function subscribe(listener: () => void) {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

/** useLocation returns the path below BASE with its query string, and renders again when it changes. */
export function useLocation(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname.slice(BASE.length) + window.location.search);
}

/** splitLocation takes a location apart: the segments of its path, unescaped, and its parameters. */
export function splitLocation(location: string): { segments: string[]; params: URLSearchParams } {
  const [path = "", query = ""] = location.split(/\?(.*)/s);
  const segments = path
    .split("/")
    .filter((s) => s !== "")
    .map((s) => {
      try {
        return decodeURIComponent(s);
      } catch {
        return s;
      }
    });
  return { segments, params: new URLSearchParams(query) };
}

/** navigate goes to a path below BASE. With replace, going back skips where one was. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (to === window.location.pathname.slice(BASE.length) + window.location.search) return;
  window.history[options.replace ? "replaceState" : "pushState"](null, "", BASE + to);
  for (const listener of listeners) listener();
}

/** href makes an address of a path and parameters; empty ones are left out. */
export function href(path: string, params: Record<string, string | undefined> = {}): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(params)) if (v !== undefined && v !== "") p.set(k, v);
  const query = p.toString();
  return path + (query === "" ? "" : "?" + query);
}

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & { to: string };

/** Link goes to a path below BASE without loading the page again. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  const click = (e: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(e);
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    navigate(to);
  };
  return <a href={BASE + to} onClick={click} {...rest} />;
}
