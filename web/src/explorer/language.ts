import { HighlightStyle, StreamLanguage, syntaxHighlighting, type StringStream } from "@codemirror/language";
import { tags } from "@lezer/highlight";

// Colours for the query language. Whether a query is right is for the server to say.

const keywords = new Set("and or not in like between by as null is asc desc then true false".split(" "));

type State = { start: boolean; afterPipe: boolean; comment: boolean };

function word(stream: StringStream, state: State): string | null {
  const text = stream.current().toLowerCase();
  const first = state.start;
  state.start = false;
  if (first && (state.afterPipe || text === "search" || text === "searchlookup")) return "keyword";
  if (keywords.has(text)) return "operatorKeyword";
  if (/^\d+(\.\d+)?[a-z]*$/i.test(text)) return "number";
  return stream.match(/\s*\(/, false) ? "variableName.function" : "variableName";
}

export const queryLanguage = StreamLanguage.define<State>({
  startState: () => ({ start: true, afterPipe: false, comment: false }),
  token(stream, state) {
    if (state.comment) {
      if (stream.skipTo("*/")) {
        stream.match("*/");
        state.comment = false;
      } else stream.skipToEnd();
      return "comment";
    }
    if (stream.eatSpace()) return null;
    if (stream.match("/*")) {
      state.comment = true;
      return "comment";
    }
    if (stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    const c = stream.next();
    if (c === "'" || c === '"') {
      let d: string | void;
      while ((d = stream.next())) {
        if (d === "\\") stream.next();
        else if (d === c) break;
      }
      state.start = false;
      return "string";
    }
    if (c === "|") {
      state.start = state.afterPipe = true;
      return "punctuation";
    }
    if (c === "[") {
      state.start = true;
      state.afterPipe = false;
      return "bracket";
    }
    if (c && /[\w.#$]/.test(c)) {
      stream.eatWhile(/[\w.$]/);
      return word(stream, state);
    }
    if (c && /[=!<>+\-*/%]/.test(c)) {
      state.start = c === "*" ? false : state.start;
      return "operator";
    }
    return "punctuation";
  },
  languageData: { closeBrackets: { brackets: ["(", "[", "'", '"'] } },
});

export const queryColours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: tags.keyword, color: "var(--code-key)", fontWeight: "600" },
    { tag: tags.operatorKeyword, color: "var(--code-key)" },
    { tag: tags.string, color: "var(--code-string)" },
    { tag: tags.number, color: "var(--code-number)" },
    { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
    { tag: tags.function(tags.variableName), color: "var(--code-function)" },
    { tag: tags.operator, color: "var(--text-2)" },
    { tag: tags.punctuation, color: "var(--text-3)", fontWeight: "600" },
    { tag: tags.bracket, color: "var(--text-3)" },
  ]),
);
