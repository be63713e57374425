import type { ConfigField } from '../../../worker/protocol.ts';

/** How the planned iterations come about, read from the form's fields. */
export interface PlanParts {
  readonly iterations: number;
  /** Null for a run that is counted in iterations, or whose parts do not multiply up. */
  readonly epochs: { readonly count: number; readonly each: number } | null;
  readonly batchSize: number | null;
}

/** `1,200 = 12 epochs × 100`, each of `batchSize` images. */
export function planParts(iterations: number, fields: readonly ConfigField[]): PlanParts {
  const valueOf = (key: string): number | null => {
    const value = fields.find((field) => field.key === key)?.value;
    return typeof value === 'number' && value > 0 ? value : null;
  };
  const epochs = valueOf('train_cfg.max_epochs');
  const each = epochs === null ? 0 : iterations / epochs;
  return {
    iterations,
    epochs: epochs !== null && each > 0 && Number.isInteger(each) ? { count: epochs, each } : null,
    batchSize: valueOf('train_dataloader.batch_size'),
  };
}
