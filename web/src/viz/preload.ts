/** preload fetches what draws results while the results themselves are on their way. */
export function preload(): void {
  void import("./View");
  void import("./echarts");
}
