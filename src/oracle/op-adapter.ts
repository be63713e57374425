import type { PackedCase } from '../ops/oracle/parse-casepack.ts';
import { toleranceOf } from './judge.ts';
import type { ResultKind } from './judge.ts';
import type { Backend, Comparison, OracleCase, Tolerance } from './oracle-case.ts';
import { HOST_NOTE } from './oracle-case.ts';

/** Results of an operator by the keys under which a case holds what they should be, in the case's own layout. */
export type Outputs = Readonly<Record<string, ArrayLike<number>>>;

/** What runs the cases of one `op`. */
export interface OpAdapter {
  readonly op: string;
  toCase(packed: PackedCase): OracleCase;
}

export interface OpAdapterSpec<I> {
  readonly op: string;
  /** Reads a case. */
  readonly input: (packed: PackedCase) => I;
  readonly run: (input: I, backend: Backend) => Promise<Outputs>;
  /** Every result that a case of this operator may hold; those that it does hold are compared. */
  readonly results: Readonly<Record<string, ResultKind>>;
  /** Why a case is beyond the engine; undefined for the others. */
  readonly outOfScope?: (packed: PackedCase) => string | undefined;
  /** The engine computes this on the host whatever the backend. */
  readonly onHost?: boolean;
}

/** The adapter of an operator. Both backends give all results; a case says which of them it knows. */
export function opAdapter<I>(spec: OpAdapterSpec<I>): OpAdapter {
  const { op, input, run, results, outOfScope, onHost = false } = spec;
  return {
    op,
    toCase: (packed) => ({
      op,
      name: packed.name,
      outOfScope: outOfScope?.(packed),
      note: onHost ? HOST_NOTE : undefined,
      compare: async (backend: Backend) =>
        compareResults(packed, results, await run(input(packed), backend)),
    }),
  };
}

function compareResults(
  packed: PackedCase,
  results: Readonly<Record<string, ResultKind>>,
  outputs: Outputs,
): Comparison[] {
  return Object.entries(results)
    .filter(([key]) => packed.has(key))
    .map(([key, kind]) => {
      const got = outputs[key];
      if (got === undefined) throw new Error(`${key} is in the case but is not computed`);
      const want = packed.values(key);
      return { what: key, got, want, tolerance: widened(packed, toleranceOf(kind, want)) };
    });
}

/** A case's own `tol` widens both parts; `nan_ok` lets a result be 0 where the oracle has 0/0. */
function widened(packed: PackedCase, tolerance: Tolerance | 'exact'): Tolerance | 'exact' {
  if (tolerance === 'exact') return tolerance;
  const { absolute, relative } = tolerance;
  const own = packed.has('tol') ? packed.number('tol') : 0;
  return {
    absolute: Math.max(absolute, own),
    relative: Math.max(relative, own),
    zeroForNan: packed.has('nan_ok') && packed.flag('nan_ok'),
  };
}
