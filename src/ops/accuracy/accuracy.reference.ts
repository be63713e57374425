/** Slow twin of `accuracy`. */
export function accuracyReference(logits: readonly number[], labels: readonly number[]): number {
  const classes = logits.length / labels.length;
  let [right, total] = [0, 0];
  for (const [index, label] of labels.entries()) {
    if (label < 0) continue;
    total++;
    const row = logits.slice(index * classes, (index + 1) * classes);
    if (!row.some(Number.isNaN) && row.indexOf(Math.max(...row)) === label) right++;
  }
  return total === 0 ? 0 : (right * 100) / total;
}
