import type { PackedCase } from '../ops/oracle/parse-casepack.ts';
import type { OpAdapter } from './op-adapter.ts';
import type { OracleCase } from './oracle-case.ts';

/** The cases of a pack by their ops; an op that nobody knows is a case that fails and says so. */
export function packCases(
  packed: readonly PackedCase[],
  adapters: readonly OpAdapter[],
): OracleCase[] {
  return packed.map((item) => {
    const adapter = adapters.find(({ op }) => op === item.op);
    return adapter?.toCase(item) ?? unknownOp(item);
  });
}

function unknownOp({ op, name }: PackedCase): OracleCase {
  return {
    op,
    name,
    compare: () => Promise.reject(new Error(`unknown op ${JSON.stringify(op)}`)),
  };
}
