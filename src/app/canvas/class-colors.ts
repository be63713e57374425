/**
 * One colour per class, the same everywhere. The first 20 are taken from the Okabe–Ito and Paul Tol sets, ordered so that
 * neighbours differ in lightness as well as hue and stay apart under protanopia, deuteranopia and tritanopia; colour is
 * never the only mark (a label or a shape always goes with it). After that, golden-angle hues.
 */
export const CLASS_PALETTE: readonly string[] = [
  '#56b4e9',
  '#e69f00',
  '#009e73',
  '#f0e442',
  '#cc79a7',
  '#d55e00',
  '#0072b2',
  '#bbcc33',
  '#ee8866',
  '#44bb99',
  '#aa4499',
  '#ffaabb',
  '#77aadd',
  '#999933',
  '#882255',
  '#99ddff',
  '#117733',
  '#eedd88',
  '#6f63d8',
  '#dddddd',
];

const GOLDEN_ANGLE = 137.50776405003785;

/** The colour of class `index` (0-based) as `#rrggbb`. */
export function classColor(index: number): string {
  const fixed = CLASS_PALETTE[index];
  if (fixed !== undefined) return fixed;
  const beyond = index - CLASS_PALETTE.length;
  const hue = (beyond * GOLDEN_ANGLE + 20) % 360;
  const lightness = [0.62, 0.48, 0.76][beyond % 3] ?? 0.62;
  return hslToHex(hue, 0.62, lightness);
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
