/** preload fetches what draws results while the results themselves are on their way. */
export function preload(): void {
  void import("./View");
  void import("./echarts");
}

/** prepare does beforehand what the first charts of a page cost more than later ones. It returns what ends it. */
export function prepare(): () => void {
  let gone = false;
  let end = () => {};
  void import("./warm").then(({ warm }) => {
    if (!gone) end = warm();
  });
  return () => {
    gone = true;
    end();
  };
}
