/** What belongs into the stats row and the log rather than into a chart. */
const NOT_CHARTED = new Set(['time', 'data_time', 'memory', 'eta', 'iter', 'epoch', 'step']);

/** The metrics that get a chart: the total loss, its parts, the learning rate, the gradient norm, then any other. */
export function chartedMetrics(keys: readonly string[]): string[] {
  const charted = keys.filter((key) => !NOT_CHARTED.has(key));
  const rank = (key: string): number => {
    if (key === 'loss') return 0;
    if (key.startsWith('loss')) return 1;
    return key === 'lr' ? 2 : key === 'grad_norm' ? 3 : 4;
  };
  // Sorting is stable: parts of the loss stay in the order in which the model names them.
  return charted.sort((a, b) => rank(a) - rank(b));
}

/** The parts of the loss before their sum, then the gradient: a sum is not finite because a part is not. */
export function lossKeys(keys: readonly string[]): string[] {
  const parts = keys.filter((key) => key.startsWith('loss') && key !== 'loss');
  return [...parts, ...keys.filter((key) => key === 'loss' || key === 'grad_norm')];
}
