/**
 * One colour per class, the same everywhere. The first 20 follow the Okabe–Ito and Paul Tol sets, their dark members
 * lifted so that each stands out on the dark halo that boxes are drawn on (luminance at least 0.18), and ordered so that
 * neighbours differ in lightness as well as hue and stay apart under protanopia, deuteranopia and tritanopia. Colour is
 * never the only mark: a label or a shape always goes with it. After these, golden-angle hues.
 */
export const CLASS_PALETTE: readonly string[] = [
  '#56b4e9',
  '#f0a30a',
  '#1fbf8f',
  '#f5e84a',
  '#e889bb',
  '#ff6f3c',
  '#5b8cff',
  '#b7d433',
  '#b58cf2',
  '#44d4c8',
  '#ff5d7a',
  '#c9a227',
  '#a3d5ff',
  '#e35bd0',
  '#6fbf4b',
  '#ffc9a3',
  '#9aa0ff',
  '#d9775f',
  '#d6f2a3',
  '#dddddd',
];

const GOLDEN_ANGLE = 137.50776405003785;

/** The colour of class `index` (0-based) as `#rrggbb`. */
export function classColor(index: number): string {
  const fixed = CLASS_PALETTE[index];
  if (fixed !== undefined) return fixed;
  const beyond = index - CLASS_PALETTE.length;
  const hue = (beyond * GOLDEN_ANGLE + 20) % 360;
  const lightness = [0.66, 0.56, 0.78][beyond % 3] ?? 0.66;
  return lightEnough(hue, lightness);
}

/** Blues and violets are dark for their lightness; they are lifted until they stand out on the halo. */
function lightEnough(hue: number, lightness: number): string {
  const color = hslToHex(hue, 0.62, lightness);
  return relativeLuminance(color) < 0.19 && lightness < 0.9
    ? lightEnough(hue, lightness + 0.03)
    : color;
}

/** Black or white, whichever reads better on `background` (`#rrggbb`), by WCAG contrast. */
export function inkOn(background: string): '#000000' | '#ffffff' {
  const luminance = relativeLuminance(background);
  return (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? '#000000' : '#ffffff';
}

/** WCAG relative luminance of `#rrggbb`, 0 … 1. */
export function relativeLuminance(hex: string): number {
  const value = Number.parseInt(hex.slice(1), 16);
  const channel = (shift: number): number => {
    const c = ((value >> shift) & 255) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0);
}

function hslToHex(hue: number, saturation: number, lightness: number): string {
  const a = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number): string => {
    const k = (n + hue / 30) % 12;
    const value = lightness - a * Math.max(-1, Math.min(k - 3, 9 - k, 1));
    return Math.round(value * 255)
      .toString(16)
      .padStart(2, '0');
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}
