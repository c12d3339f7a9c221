import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const key = "ledgerline.theme";
const listeners = new Set<() => void>();

function preferred(): Theme {
  try {
    const stored = localStorage.getItem(key);
    if (stored === "light" || stored === "dark") return stored;
  } catch {
    // storage is forbidden: the system decides
  }
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** applyTheme sets the page's theme; without one, the chosen or the system's. */
export function applyTheme(theme?: Theme): void {
  if (theme) {
    try {
      localStorage.setItem(key, theme);
    } catch {
      // not remembered then
    }
  }
  document.documentElement.dataset.theme = theme ?? preferred();
  for (const l of listeners) l();
}

export function useTheme(): Theme {
  return useSyncExternalStore(
    (l) => (listeners.add(l), () => listeners.delete(l)),
    () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light"),
  );
}
