import type { ArraySpec } from './named-arrays.ts';

export interface LoadReport {
  /** Names (of the model) that the file has in the right shape. */
  readonly loaded: readonly string[];
  /** Of the model, not in the file: they keep their present values. */
  readonly missing: readonly string[];
  /** In the file, not of the model: they are ignored. */
  readonly unexpected: readonly string[];
  /** In both with different shapes: they keep their present values. */
  readonly mismatched: readonly {
    readonly name: string;
    readonly model: readonly number[];
    readonly file: readonly number[];
  }[];
}

/**
 * Compares what a model wants with what a file has, by PyTorch's non-strict loading: a `module.` prefix in the file is cut
 * off, and `num_batches_tracked`, which no computation here reads, is neither missed nor reported. Lists keep the order of the
 * model (`unexpected`: of the file).
 */
export function compareArrays(model: readonly ArraySpec[], file: readonly ArraySpec[]): LoadReport {
  const inFile = new Map(file.map(({ name, shape }) => [checkpointName(name), shape]));
  const wanted = model.filter(({ name }) => !isCounter(name));
  const names = new Set(wanted.map(({ name }) => name));
  const loaded: string[] = [];
  const missing: string[] = [];
  const mismatched: LoadReport['mismatched'][number][] = [];
  for (const { name, shape } of wanted) {
    const found = inFile.get(name);
    if (found === undefined) missing.push(name);
    else if (sameShape(shape, found)) loaded.push(name);
    else mismatched.push({ name, model: shape, file: found });
  }
  const unexpected = [...inFile.keys()].filter((name) => !names.has(name) && !isCounter(name));
  return { loaded, missing, unexpected, mismatched };
}

/** The name of an array without the prefix that distributed training adds. */
export function checkpointName(name: string): string {
  return name.replace(/^module\./, '');
}

/** `bbox_head.retina_cls.weight: the model has [9, 256, 3, 3], the file [720, 256, 3, 3]` for each. */
export function mismatchLines(report: LoadReport): string[] {
  return report.mismatched.map(
    ({ name, model, file }) =>
      `${name}: the model has [${model.join(', ')}], the file [${file.join(', ')}]`,
  );
}

function isCounter(name: string): boolean {
  return name.endsWith('num_batches_tracked');
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((side, i) => side === b[i]);
}
