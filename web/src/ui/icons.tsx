// Icons are drawn on a grid of 16, with lines of 1.5.
const paths = {
  search: "M7 12.2A5.2 5.2 0 1 0 7 1.8a5.2 5.2 0 0 0 0 10.4ZM11 11l3.4 3.4",
  dashboard: "M2 2.5h5v5H2zM9.5 2.5h4.5v3H9.5zM9.5 8.5h4.5v5H9.5zM2 10.5h5v3H2z",
  plug: "M5.5 1.5v3M10.5 1.5v3M3.5 4.5h9v3a4.5 4.5 0 0 1-9 0zM8 12v2.5",
  gear: "M8 10.2A2.2 2.2 0 1 0 8 5.8a2.2 2.2 0 0 0 0 4.4ZM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4",
  play: "M4.5 2.8v10.4L13 8z",
  stop: "M4 4h8v8H4z",
  clock: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 4.5V8l2.5 1.8",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4L6 8l4 4",
  close: "M4 4l8 8M12 4l-8 8",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  download: "M8 2v8M4.5 7L8 10.5 11.5 7M2.5 13.5h11",
  upload: "M8 11V3M4.5 6L8 2.5 11.5 6M2.5 13.5h11",
  history: "M2 3v3.5h3.5M2.4 6.5A6 6 0 1 1 2 9M8 5v3.5l2.5 1.5",
  star: "M8 1.8l1.9 4 4.3.6-3.1 3 .8 4.4L8 11.7l-3.9 2.1.8-4.4-3.1-3 4.3-.6z",
  plan: "M3 2.5h4v3H3zM9 10.5h4v3H9zM5 5.5V12h4",
  live: "M8 9.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM4.5 11.5a5 5 0 0 1 0-7M11.5 4.5a5 5 0 0 1 0 7M2.4 13.6a8 8 0 0 1 0-11.2M13.6 2.4a8 8 0 0 1 0 11.2",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.2v1.6M8 13.2v1.6M1.2 8h1.6M13.2 8h1.6M3.2 3.2l1.1 1.1M11.7 11.7l1.1 1.1M12.8 3.2l-1.1 1.1M4.3 11.7l-1.1 1.1",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z",
  user: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 14a5.5 5.5 0 0 1 11 0",
  filter: "M2 3h12l-4.5 5.5V13l-3 1.2V8.5z",
  exclude: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM5 8h6",
  group: "M2 4h12M2 8h8M2 12h5",
  pin: "M6 2h4l-.5 4 2 2.5h-7l2-2.5zM8 8.5V14",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
  full: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  refresh: "M13.5 3v3.5H10M13.2 6.5A5.7 5.7 0 1 0 13.6 9",
  edit: "M3 13l.6-2.8L11 2.8l2.2 2.2-7.4 7.4z",
  trash: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9",
  columns: "M2.5 3h11v10h-11zM6.2 3v10M9.8 3v10",
  zoomout: "M7 12.2A5.2 5.2 0 1 0 7 1.8a5.2 5.2 0 0 0 0 10.4ZM11 11l3.4 3.4M4.8 7h4.4",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  table: "M2 3h12v10H2zM2 6.3h12M2 9.6h12M6 3v10",
  records: "M2 3.5h12M2 6.5h9M2 9.5h12M2 12.5h9",
  line: "M2 2v12h12M4 10l3-3.5 2.5 2L14 4",
  area: "M2 2v12h12M4 12V9.5L7 6l2.5 2L13 5v7z",
  bar: "M2 2v12h12M5 12V8M8 12V5M11 12V9.5",
  hbar: "M2 2v12h12M4 5h7M4 8h4.5M4 11h9",
  pie: "M8 1.8A6.2 6.2 0 1 0 14.2 8H8zM10.5 1.8v3.7h3.7a6 6 0 0 0-3.7-3.7Z",
  sunburst: "M8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 1.8V6M10 8h4.2M6.6 9.4l-3 3",
  treemap: "M2 2.5h12v11H2zM8.5 2.5v11M8.5 7.5H14M11.5 7.5v6",
  heatmap: "M2 2h3.5v3.5H2zM6.5 2H10v3.5H6.5zM11 2h3v3.5h-3zM2 6.5h3.5V10H2zM11 6.5h3V10h-3zM6.5 11H10v3H6.5z",
  tile: "M2 3h12v10H2zM5 10.5l2-2.5 1.7 1.3L11 6.5",
  summary: "M2 3h12v10H2zM2 6.3h12M8.5 8.2h4M8.5 11h2.5",
  distinct: "M5 5.2a2.2 2.2 0 1 0 0 .1M11 5.2a2.2 2.2 0 1 0 0 .1M8 11a2.2 2.2 0 1 0 0 .1",
  words: "M2 5.5h6M10 5.5h4M3.5 8.5h9M2 11.5h4M8 11.5h5",
  map: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM1.8 8h12.4M8 1.8c3.5 3.5 3.5 9 0 12.4M8 1.8c-3.5 3.5-3.5 9 0 12.4",
  cluster: "M4.5 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM11.5 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM7 14a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 7 14Z",
  compare: "M6 2.5H2.5v11H6M10 2.5h3.5v11H10M8 1v14",
  link: "M6.5 9.5l3-3M7 4.5l1-1a3 3 0 0 1 4.3 4.3l-1 1M9 11.5l-1 1a3 3 0 0 1-4.3-4.3l1-1",
  check: "M3 8.5l3.2 3.2L13 4.5",
  warn: "M8 2l6.5 11.5h-13zM8 6.5v3.2M8 11.6v.1",
  hint: "M8 14.2A6.2 6.2 0 1 0 8 1.8a6.2 6.2 0 0 0 0 12.4ZM8 7.5v3.7M8 5v.1",
  drag: "M6 3.5h.01M10 3.5h.01M6 8h.01M10 8h.01M6 12.5h.01M10 12.5h.01",
  external: "M9.5 2.5h4v4M13.5 2.5L7.5 8.5M11.5 9v4.5h-9v-9H7",
  logout: "M6 2.5H2.5v11H6M10.5 5L13.5 8l-3 3M13.5 8H6",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  const heavy = name === "more" || name === "drag";
  return (
    <svg width={`${size / 13}rem`} height={`${size / 13}rem`} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={heavy ? 2.4 : 1.4} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
