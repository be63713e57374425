/** Number of insertions, deletions, substitutions and neighbour swaps that turn `a` into `b` (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

const LONGEST_NAME = 64;

/**
 * The candidates that `name` is probably a misspelling of, best first, at most three: those within a third of the length
 * in edits (case and `_` `-` aside), else those that contain it or are contained in it.
 */
export function nearestNames(name: string, candidates: readonly string[]): string[] {
  if (name.length > LONGEST_NAME) return [];
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[_-]/g, '');
  const wanted = plain(name);
  const scored = candidates.map((candidate) => {
    const other = plain(candidate);
    const distance = editDistance(wanted, other);
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, other.length) / 3));
    const contained =
      wanted.length > 1 && (other.includes(wanted) || (other.length > 1 && wanted.includes(other)));
    return {
      candidate,
      rank: distance <= limit ? distance : contained ? 100 + distance : Infinity,
    };
  });
  return scored
    .filter((entry) => entry.rank < Infinity)
    .sort((a, b) => a.rank - b.rank || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map((entry) => entry.candidate);
}
