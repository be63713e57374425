import { parseCasepack } from '../ops/oracle/parse-casepack.ts';
import { OP_ADAPTERS } from './ops/list.ts';
import type { OracleCase } from './oracle-case.ts';
import { packCases } from './pack-cases.ts';
import { PAGES } from './pages/list.ts';

/** What `oracle` was pointed at, read from disk but not yet looked into. */
export type OracleInput = {
  /** Path for people. */
  readonly file: string;
} & (
  | {
      readonly kind: 'pack';
      /** NAME.json, parsed as JSON. */
      readonly document: unknown;
      /** NAME.bin */
      readonly bytes: ArrayBuffer;
    }
  | {
      readonly kind: 'page';
      /** File name without `.json`; it says what the page holds. */
      readonly page: string;
      readonly document: unknown;
    }
);

/** The cases of an input; one case that fails where it cannot be read. */
export function casesOf(input: OracleInput): readonly OracleCase[] {
  try {
    return input.kind === 'pack'
      ? packCases(parseCasepack(input.document, input.bytes, input.file), OP_ADAPTERS)
      : pageCases(input.page, input.document);
  } catch (error) {
    return [{ op: input.kind, name: 'reading', compare: () => Promise.reject(error) }];
  }
}

function pageCases(name: string, document: unknown): readonly OracleCase[] {
  const page = PAGES.find((known) => known.page === name);
  if (page !== undefined) return page.cases(document);
  return [skippedPage(name, 'no page of this name is known')];
}

/** A page, or a part of one, that is listed and not run. */
function skippedPage(page: string, reason: string): OracleCase {
  return {
    op: page,
    name: 'page',
    outOfScope: reason,
    compare: () => Promise.reject(new Error(reason)),
  };
}
