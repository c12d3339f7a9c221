/** Sparkline draws numbers as a small line. */
export function Sparkline({ values, width = 120, height = 18, label }: { values: number[]; width?: number | string; height?: number; label?: string }) {
  if (values.length < 2) return null;
  const top = Math.max(...values, 1e-9),
    low = Math.min(...values, 0);
  const y = (v: number) => 17 - ((v - low) / (top - low || 1)) * 15;
  const points = values.map((v, i) => `${((i / (values.length - 1)) * 100).toFixed(2)},${y(v).toFixed(2)}`).join(" ");
  return (
    <svg className="sparkline" viewBox="0 0 100 18" width={width} height={height} preserveAspectRatio="none" role={label ? "img" : undefined} aria-label={label} aria-hidden={label ? undefined : true}>
      <polygon points={`0,17 ${points} 100,17`} />
      <polyline points={points} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
