import type { ResolvedTheme } from '../ui/use-resolved-theme.ts';

/** Okabe–Ito hues that keep a contrast of 3 : 1 on each theme's ground; a run keeps its place in the list. */
const RUN_COLORS: Readonly<Record<ResolvedTheme, readonly string[]>> = {
  light: ['#0072b2', '#c2410c', '#00805d', '#aa4499', '#7a6a00', '#5b56c4'],
  dark: ['#56b4e9', '#f08a4b', '#3cc49a', '#d98bc0', '#d6c240', '#9d97f0'],
};

/** The colour of the run at `place` among the runs of this visit. */
export function runColor(place: number, theme: ResolvedTheme): string {
  const colors = RUN_COLORS[theme];
  return colors[place % colors.length] ?? '#888888';
}

/** Colours and font of axes and marks, resolved from the tokens, since a canvas knows no CSS variables. */
export interface ChartInk {
  readonly text: string;
  readonly line: string;
  readonly faint: string;
  readonly ground: string;
  readonly font: string;
}

/** Reads the present theme's ink. */
export function readChartInk(element: Element): ChartInk {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: token('--text-2'),
    line: token('--line-control'),
    faint: token('--line-1'),
    ground: token('--bg'),
    font: style.fontFamily,
  };
}
