import { parseCasepack } from '../ops/oracle/parse-casepack.ts';
import { ModelFixture } from './models/fixture.ts';
import { modelCases } from './models/model-cases.ts';
import type { Picture } from './models/model-under-test.ts';
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
  | {
      readonly kind: 'model';
      /** config.json, parsed as JSON. */
      readonly config: unknown;
      /** fixture.json, parsed as JSON, and fixture.bin. */
      readonly document: unknown;
      readonly bytes: ArrayBuffer;
      /** image0, image1 …, decoded; null where the folder has none. */
      readonly images: readonly Picture[] | null;
    }
);

/** The cases of an input, which may share something that is to be let go of after the last one. */
export interface OracleCases {
  readonly cases: readonly OracleCase[];
  readonly dispose: () => void;
}

/** The cases of an input; one case that fails where it cannot be read. */
export function casesOf(input: OracleInput): OracleCases {
  try {
    return readCases(input);
  } catch (error) {
    const unreadable = { op: input.kind, name: 'reading', compare: () => Promise.reject(error) };
    return { cases: [unreadable], dispose: () => undefined };
  }
}

function readCases(input: OracleInput): OracleCases {
  if (input.kind === 'page') {
    return { cases: pageCases(input.page, input.document), dispose: () => undefined };
  }
  const packed = parseCasepack(input.document, input.bytes, input.file);
  if (input.kind === 'pack') {
    return { cases: packCases(packed, OP_ADAPTERS), dispose: () => undefined };
  }
  const { config, images } = input;
  const fixture = new ModelFixture({ config, images, cases: packed });
  return {
    cases: modelCases(fixture),
    dispose() {
      fixture.dispose();
    },
  };
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
