/**
 * Round values of a log axis between `low` and `high` (both > 0): 1-2-5 in each decade, only powers of ten when there are
 * many decades, finer steps when the range lies within a factor of three.
 */
export function logTicks(low: number, high: number): number[] {
  if (!(low > 0) || !(high >= low) || !Number.isFinite(high)) return [];
  const decades = Math.log10(high / low);
  const steps =
    decades > 4 ? [1] : decades > 0.5 ? [1, 2, 5] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9];
  const stride = Math.max(1, Math.ceil(decades / 8));
  const ticks: number[] = [];
  const first = Math.floor(Math.log10(low));
  for (let power = first; power <= Math.log10(high); power += stride) {
    for (const step of steps) {
      const tick = Number(`${step}e${power}`);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** The unit of a time axis that spans so many seconds, and how many of it a second is. */
export function timeUnit(seconds: number): {
  readonly unit: 's' | 'min' | 'h';
  readonly scale: number;
} {
  if (seconds < 180) return { unit: 's', scale: 1 };
  return seconds < 3 * 3600 ? { unit: 'min', scale: 1 / 60 } : { unit: 'h', scale: 1 / 3600 };
}
