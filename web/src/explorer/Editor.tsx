import { autocompletion, acceptCompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { forceLinting, linter, type Diagnostic } from "@codemirror/lint";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { api } from "../api/client";
import { queryColours, queryLanguage } from "./language";

export type EditorProps = { value: string; onChange: (v: string) => void; onRun: () => void; namespace: string; tenancy: string };

/** QueryEditor is the query's text with colours, completion and its mistakes underlined. Ctrl-Enter runs it. */
export default function QueryEditor({ value, onChange, onRun, namespace, tenancy }: EditorProps) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef({ onChange, onRun, namespace, tenancy });
  latest.current = { onChange, onRun, namespace, tenancy };

  useEffect(() => {
    if (!box.current) return;
    const nonce = document.querySelector<HTMLMetaElement>("meta[property='csp-nonce']")?.nonce ?? "";
    const v = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          EditorView.cspNonce.of(nonce),
          Prec.highest(
            keymap.of([
              { key: "Mod-Enter", run: () => (latest.current.onRun(), true) },
              { key: "Shift-Enter", run: insertNewlineAndIndent },
              { key: "Tab", run: acceptCompletion },
            ]),
          ),
          history(),
          closeBrackets(),
          bracketMatching(),
          autocompletion({ override: [(c) => complete(c, latest.current.namespace, latest.current.tenancy)], activateOnTypingDelay: 150, icons: false }),
          linter((v) => mistakes(v.state.doc.toString()), { delay: 400 }),
          keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
          queryLanguage,
          queryColours,
          EditorView.lineWrapping,
          placeholder("Search: * for everything, a word, 'Field' = value, then | commands"),
          EditorView.contentAttributes.of({ "aria-label": "Query", "aria-multiline": "true" }),
          EditorView.updateListener.of((u) => u.docChanged && latest.current.onChange(u.state.doc.toString())),
        ],
      }),
    });
    view.current = v;
    return () => v.destroy();
    // The editor is made once; what it shows follows below.
  }, []);

  useEffect(() => {
    const v = view.current;
    if (v && v.state.doc.toString() !== value) {
      v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: value } });
      forceLinting(v);
    }
  }, [value]);

  return <div ref={box} className="editor" />;
}

async function mistakes(text: string): Promise<Diagnostic[]> {
  if (text.trim() === "") return [];
  try {
    const { errors } = await api.check(text);
    return errors.map((e) => {
      // Something missing has no extent; the last character before it is marked.
      const empty = e.start >= e.end;
      const from = Math.max(0, Math.min(empty ? e.start - 1 : e.start, text.length));
      return { from, to: Math.min(Math.max(e.end, from + 1), text.length), severity: "error", message: e.message + (e.suggestion ? ` Did you mean ${e.suggestion}?` : "") + (e.usage ? `\nSyntax: ${e.usage}` : "") };
    });
  } catch {
    return []; // the run will tell
  }
}

async function complete(c: CompletionContext, namespace: string, tenancy: string): Promise<CompletionResult | null> {
  const text = c.state.doc.sliceString(0, c.pos);
  if (namespace === "" || (!c.explicit && /^\s*$/.test(text))) return null;
  const abort = new AbortController();
  c.addEventListener("abort", () => abort.abort());
  try {
    const s = await api.suggest(namespace, tenancy, text, abort.signal);
    const from = [...text].slice(0, s.position).join("").length; // characters to UTF-16 units
    const options = [
      ...s.commands.map((label) => ({ label, type: "keyword", detail: "command", boost: 3 })),
      ...s.fieldValues.map((label) => ({ label, type: "constant", detail: "value", boost: 4 })),
      ...s.fields.map((label) => ({ label, type: "variable", detail: "field", boost: 2 })),
      ...s.options.map((label) => ({ label, type: "property", detail: "option", boost: 1 })),
      ...s.terms.map((label) => ({ label, type: "function", detail: "" })),
    ];
    if (options.length === 0) return null;
    return { from, options, filter: false };
  } catch {
    return null;
  }
}
