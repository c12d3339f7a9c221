// Text of a log is written by strangers. React escapes markup; what is left is what the eye cannot see: control
// characters, marks that turn the direction of text around, and characters without width. They are shown by number.

const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u2069\ufeff\ufff9-\ufffc]/g;

export type Piece = { text: string; hidden: boolean };

/** pieces splits a text into what may be shown as it is and the names of what cannot be seen, such as U+202E. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const m of text.matchAll(unseen)) {
    if (m[0] === "\r" && text[m.index + 1] === "\n") continue; // a line end of Windows
    if (m.index > at) out.push({ text: text.slice(at, m.index), hidden: false });
    out.push({ text: codePoint(m[0]), hidden: true });
    at = m.index + m[0].length;
  }
  if (at < text.length) out.push({ text: text.slice(at), hidden: false });
  return out;
}

/** plain is a text in which everything can be seen, for places that take no elements, such as charts. */
export function plain(text: string): string {
  return pieces(text)
    .map((p) => (p.hidden ? `⟨${p.text}⟩` : p.text))
    .join("");
}

function codePoint(c: string): string {
  return "U+" + (c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}

/** cut shortens a text to n UTF-16 units without splitting a character. */
export function cut(text: string, n: number): string {
  if (text.length <= n) return text;
  const last = text.charCodeAt(n - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? n - 1 : n);
}
