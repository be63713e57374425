/** Numbers and sizes as the interface writes them: three significant figures, units always. */

/** `0.482`, `1.23e-4`, `12,400`; `–` for what is not a number. */
export function formatNumber(value: number, figures = 3): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6))
    return value.toExponential(figures - 1).replace('e+', 'e');
  if (size >= 10 ** figures || Number.isInteger(value)) return formatCount(value);
  return value.toPrecision(figures);
}

// Made once: `toLocaleString` makes a formatter at every call, which shows in a profile of a running train.
const WHOLE = new Intl.NumberFormat('en-US');

/** A whole number with thousands separators. */
export function formatCount(value: number): string {
  return WHOLE.format(Math.round(value));
}

/** `38.2 MB` (1 MB = 10⁶ bytes, as file managers and download lists count). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** `42 s`, `2 min`, `1 h 05 min`; rounded, for estimates. */
export function formatDuration(seconds: number): string {
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `34 %`, with one decimal where the classes are many: `0.7 %`. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}
