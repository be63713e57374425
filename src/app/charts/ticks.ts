/** Steps within a decade, coarse to fine. */
const STEPS: readonly (readonly number[])[] = [
  [1],
  [1, 3],
  [1, 2, 5],
  [1, 1.5, 2, 3, 5, 7],
  [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9],
];

/**
 * Round values of a log axis between `low` and `high` (both > 0), ascending: the coarsest steps that give at least four,
 * every second or third decade when there are many, and even steps when the range is so narrow that the axis is nearly
 * linear. Empty for a range that no log axis has.
 */
export function logTicks(low: number, high: number): number[] {
  if (!(low > 0) || !(high >= low) || !Number.isFinite(high)) return [];
  for (const steps of STEPS) {
    const ticks = decadeTicks(low, high, steps);
    if (ticks.length >= 4) {
      const stride = Math.ceil(ticks.length / 9);
      return ticks.filter((_, i) => i % stride === 0);
    }
  }
  return evenTicks(low, high);
}

function decadeTicks(low: number, high: number, steps: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const step of steps) {
      const tick = Number(`${step}e${power}`);
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
}

function evenTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  if (rough === 0) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  // The next round step below a quarter of the range, so that at least four multiples of it lie inside.
  const step = ([5, 2].find((one) => one * power <= rough) ?? 1) * power;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i += 1) {
    ticks.push(Number((i * step).toPrecision(12)));
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
