// Sizes in styles are of the page's text, which is larger on large screens. What is measured in pixels, such as
// charts and rows of tables, grows by the same factor.

const NORMAL = 13; // pixels of the page's text on a usual screen

/** textScale is how much larger the page's text is than on a usual screen. */
export function textScale(): number {
  const size = typeof document === "undefined" ? NORMAL : parseFloat(getComputedStyle(document.documentElement).fontSize);
  return size > 0 ? size / NORMAL : 1;
}

const sizes = new Set(["fontSize", "itemWidth", "itemHeight", "itemGap", "pageIconSize", "symbolSize", "left", "right", "top", "bottom", "width", "height", "nameGap", "barMaxWidth", "padding", "margin"]);

/** scaled multiplies the sizes in a chart's option; its data stay as they are. */
export function scaled<T>(option: T, by: number): T {
  if (by === 1 || option === null || typeof option !== "object") return option;
  if (Array.isArray(option)) return option.map((v: unknown) => scaled(v, by)) as T;
  if (Object.getPrototypeOf(option) !== Object.prototype) return option;
  return Object.fromEntries(Object.entries(option).map(([k, v]) => [k, k === "data" ? v : sizes.has(k) && typeof v === "number" ? v * by : scaled(v as unknown, by)])) as T;
}
