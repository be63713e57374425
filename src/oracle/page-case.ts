import type { ResultKind } from './judge.ts';
import type { Outputs } from './op-adapter.ts';
import { toleranceOf } from './judge.ts';
import { HOST_NOTE } from './oracle-case.ts';
import type { Backend, OracleCase } from './oracle-case.ts';

/** What a page says that a result should be. */
export interface Wanted {
  readonly values: ArrayLike<number>;
  readonly kind: ResultKind;
}

export interface PageCaseSpec {
  readonly op: string;
  readonly name: string;
  /** The engine computes this on the host whatever the backend. */
  readonly onHost?: boolean;
  readonly wanted: Readonly<Record<string, Wanted>>;
  /** Computes at least the results that are wanted. */
  readonly run: (backend: Backend) => Promise<Outputs>;
}

/** A case of a page. */
export function pageCase({ op, name, onHost = false, wanted, run }: PageCaseSpec): OracleCase {
  return {
    op,
    name,
    note: onHost ? HOST_NOTE : undefined,
    async compare(backend) {
      const outputs = await run(backend);
      return Object.entries(wanted).map(([what, { values, kind }]) => {
        const got = outputs[what];
        if (got === undefined) throw new Error(`${what} is not computed`);
        return { what, got, want: values, tolerance: toleranceOf(kind, values) };
      });
    },
  };
}

/** Numbers that must be close, by the operators' tolerance or a given one. */
export function close(values: ArrayLike<number>, kind: ResultKind = 'close'): Wanted {
  return { values, kind };
}

/** Indices, counts and labels. */
export function exact(values: ArrayLike<number>): Wanted {
  return { values, kind: 'exact' };
}

/** Words that must be equal are compared as one number: 1 for equal. */
export function same(equal: boolean): ArrayLike<number> {
  return [equal ? 1 : 0];
}

/** What {@link same} should give. */
export const EQUAL: Wanted = exact([1]);
