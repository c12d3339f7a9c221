import { useMemo } from "react";
import { useTheme } from "../theme";

/** Colours of a chart. The series are told apart by people with any colour vision: hues of Okabe and Ito, adjusted to each background. */
export type Palette = { series: string[]; darkSeries: boolean; text: string; muted: string; line: string; surface: string; accent: string; bad: string; good: string; warn: string; ramp: string[] };

const light: Palette = {
  series: ["#2a7fb8", "#e08e0b", "#1b9e77", "#c2569b", "#5bb5e0", "#d1495b", "#7a6fd0", "#9a8a00", "#4d5b69", "#8fbf5a", "#a66a3f", "#b0b8c1"], darkSeries: true,
  text: "#18202a", muted: "#5f6b78", line: "#dfe3e7", surface: "#ffffff", accent: "#0f5f8c", bad: "#b3261e", good: "#1a7249", warn: "#c77700",
  ramp: ["#eef4f8", "#b9d8ea", "#74b2d6", "#2a7fb8", "#0a4a6e"],
};

const dark: Palette = {
  series: ["#4fa3dc", "#f0ac3c", "#3fc49a", "#dd7fbb", "#86cdf2", "#ee7080", "#a49aef", "#c9b83a", "#93a1b0", "#a9d67a", "#cf9468", "#6b7682"], darkSeries: false,
  text: "#e6eaee", muted: "#94a0ac", line: "#2b333d", surface: "#171c22", accent: "#6bb8e6", bad: "#f28b82", good: "#5fc893", warn: "#e8b34b",
  ramp: ["#1b2a36", "#1f4a66", "#2a6f99", "#4fa3dc", "#b5dcf5"],
};

export function paletteOf(theme: "light" | "dark"): Palette {
  return theme === "dark" ? dark : light;
}

export function usePalette(): Palette {
  const theme = useTheme();
  return useMemo(() => paletteOf(theme), [theme]);
}
