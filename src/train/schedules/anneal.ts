/** From `from` at part 0 to `to` at part 1, along half a cosine or a line. */
export function annealed(
  along: 'cos' | 'linear',
  from: number,
  to: number,
  part: number,
  weight = 1,
): number {
  if (along === 'linear') return from + (to - from) * part;
  return to + 0.5 * weight * (from - to) * (Math.cos(Math.PI * part) + 1);
}

/** A part of a schedule that ends at step `until` (not always whole). */
export interface Phase {
  readonly until: number;
  readonly from: number;
  readonly to: number;
}

/** The rate at `step` in consecutive phases; the last one goes on. */
export function phaseRate(
  phases: readonly Phase[],
  step: number,
  rate: (from: number, to: number, part: number) => number,
): number {
  let start = 0;
  for (const [i, { until, from, to }] of phases.entries()) {
    if (step <= until || i === phases.length - 1) {
      return rate(from, to, (step - start) / (until - start));
    }
    start = until;
  }
  throw new RangeError('phaseRate: no phases');
}
