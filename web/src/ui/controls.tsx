import { useEffect, useId, useRef, useState, type ButtonHTMLAttributes, type KeyboardEvent, type ReactNode, type RefObject } from "react";
import { createPortal } from "react-dom";
import { ApiError } from "../api/client";
import { Icon, type IconName } from "./icons";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { icon?: IconName; kind?: "primary" | "danger" | "quiet"; small?: boolean; label?: string };

/** Button without children shows only its icon; label then names it. */
export function Button({ icon, kind, small, label, children, className = "", ...rest }: ButtonProps) {
  const classes = ["btn", kind, small && "small", children === undefined && "icon", className].filter(Boolean).join(" ");
  return (
    <button type="button" className={classes} aria-label={children === undefined ? label : undefined} title={children === undefined ? label : undefined} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export function Spinner({ label = "Loading" }: { label?: string }) {
  return (
    <span role="status">
      <span className="spinner" aria-hidden="true" />
      <span className="sr-only">{label}</span>
    </span>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** ErrorNotice shows what the server says, and how to try again, unless that would be refused as well. */
export function ErrorNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  const api = error instanceof ApiError ? error : undefined;
  return (
    <div className="notice bad" role="alert">
      <pre>{error instanceof Error ? error.message : String(error)}</pre>
      <div className="row">
        {retry && api?.status !== 400 && (
          <Button small icon="refresh" onClick={retry}>
            Try again
          </Button>
        )}
        {api?.requestId && <span className="muted">request {api.requestId.slice(0, 26)}</span>}
      </div>
    </div>
  );
}

/** useOutside calls close on a press outside of an element, and on Escape, of which it tells. */
function useOutside(ref: RefObject<HTMLElement | null>, open: boolean, close: (escaped: boolean) => void) {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (!open) return;
    const down = (e: PointerEvent) => {
      if (e.target instanceof Node && ref.current && !ref.current.contains(e.target)) latest.current(false);
    };
    const key = (e: globalThis.KeyboardEvent) => {
      if (e.key === "Escape") {
        e.stopPropagation();
        latest.current(true);
      }
    };
    document.addEventListener("pointerdown", down, true);
    document.addEventListener("keydown", key, true);
    return () => {
      document.removeEventListener("pointerdown", down, true);
      document.removeEventListener("keydown", key, true);
    };
  }, [open, ref]);
}

type PopoverProps = { trigger: (props: { onClick: () => void; "aria-expanded": boolean; "aria-haspopup": "menu" | "dialog"; ref: RefObject<HTMLButtonElement | null> }) => ReactNode; children: (close: () => void) => ReactNode; align?: "left" | "right"; role?: "menu" | "dialog"; label: string };

/** Popover opens next to its trigger; the focus goes in, and back when it closes. */
export function Popover({ trigger, children, align = "left", role = "menu", label }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number; maxHeight: number }>();
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  useOutside(pane, open, (escaped) => (escaped ? close() : setOpen(false)));
  useEffect(() => {
    if (!open || !pane.current || !box.current) return;
    const at = (button.current ?? box.current).getBoundingClientRect();
    const size = pane.current.getBoundingClientRect();
    const wanted = align === "left" ? at.left : at.right - size.width;
    const below = window.innerHeight - at.bottom - 12;
    const up = below < Math.min(size.height, 220) && at.top > below;
    setPlace({
      left: Math.max(8, Math.min(wanted, window.innerWidth - size.width - 8)),
      top: up ? Math.max(8, at.top - size.height - 4) : at.bottom + 4,
      maxHeight: up ? at.top - 12 : below,
    });
  }, [open, align]);
  // Only what has its place, and with it can be seen, takes the focus.
  const placed = place !== undefined;
  useEffect(() => {
    if (open && placed) pane.current?.querySelector<HTMLElement>("[autofocus], input, button, a, select, textarea")?.focus();
  }, [open, placed]);
  const keys = (e: KeyboardEvent) => {
    if (role !== "menu") return;
    if (e.key === "Tab") return close(); // on from the button
    const list = [...(pane.current?.querySelectorAll<HTMLElement>("button:not(:disabled), a") ?? [])];
    const i = list.indexOf(document.activeElement as HTMLElement);
    const to: Record<string, number> = { ArrowDown: (i + 1) % list.length, ArrowUp: (i - 1 + list.length) % list.length, Home: 0, End: list.length - 1 };
    if (to[e.key] === undefined) return;
    list[to[e.key]!]?.focus();
    e.preventDefault();
  };
  return (
    <span ref={box}>
      {trigger({ onClick: () => setOpen(!open), "aria-expanded": open, "aria-haspopup": role, ref: button })}
      {open &&
        createPortal(
          <div
            ref={pane}
            className={"popover" + (role === "menu" ? " menu" : "")}
            role={role}
            aria-label={label}
            onKeyDown={keys}
            style={{ position: "fixed", left: place?.left ?? 0, top: place?.top ?? 0, maxHeight: place?.maxHeight, visibility: place ? "visible" : "hidden", overflow: "auto" }}
          >
            {children(close)}
          </div>,
          document.body,
        )}
    </span>
  );
}

/** MenuItem is an entry of a Popover of role menu. */
export function MenuItem({ icon, checked, children, ...rest }: ButtonHTMLAttributes<HTMLButtonElement> & { icon?: IconName; checked?: boolean }) {
  return (
    <button type="button" role={checked === undefined ? "menuitem" : "menuitemradio"} aria-checked={checked} {...rest}>
      {icon && <Icon name={icon} />}
      <span className="grow">{children}</span>
      {checked && <Icon name="check" />}
    </button>
  );
}

/** Dialog keeps the focus inside until it is closed. */
export function Dialog({ title, close, children, footer, wide }: { title: string; close: () => void; children: ReactNode; footer?: ReactNode; wide?: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  useOutside(box, true, close);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.querySelector<HTMLElement>(".body input, .body textarea, .body select, .body button, header button")?.focus();
    return () => before?.focus();
  }, []);
  const trap = (e: KeyboardEvent) => {
    if (e.key !== "Tab") return;
    const all = [...(box.current?.querySelectorAll<HTMLElement>("button:not(:disabled), input, select, textarea, a[href], [tabindex='0']") ?? [])];
    const first = all[0],
      last = all.at(-1);
    if (e.shiftKey && document.activeElement === first) {
      last?.focus();
      e.preventDefault();
    } else if (!e.shiftKey && document.activeElement === last) {
      first?.focus();
      e.preventDefault();
    }
  };
  return createPortal(
    <div className="backdrop">
      <div ref={box} className={"dialog" + (wide ? " wide" : "")} role="dialog" aria-modal="true" aria-labelledby={id} onKeyDown={trap}>
        <header>
          <h2 id={id}>{title}</h2>
          <Button kind="quiet" small icon="close" label="Close" onClick={close} />
        </header>
        <div className="body">{children}</div>
        {footer && <footer>{footer}</footer>}
      </div>
    </div>,
    document.body,
  );
}

/** useStored is state that is remembered by this browser. */
export function useStored<T>(key: string, initial: T): [T, (v: T) => void] {
  const name = "ledgerline." + key;
  const [value, setValue] = useState<T>(() => {
    try {
      const text = localStorage.getItem(name);
      return text === null ? initial : (JSON.parse(text) as T);
    } catch {
      return initial;
    }
  });
  return [
    value,
    (v) => {
      setValue(v);
      try {
        localStorage.setItem(name, JSON.stringify(v));
      } catch {
        // full or forbidden: it is remembered as long as the page lives
      }
    },
  ];
}

/** save hands a file to the browser's downloads. */
export function save(name: string, content: Blob) {
  const url = URL.createObjectURL(content);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** chosen takes the files out of an input: the same one, mended meanwhile, can be chosen again. */
export function chosen(input: HTMLInputElement): File[] {
  const files = [...(input.files ?? [])];
  input.value = "";
  return files;
}
