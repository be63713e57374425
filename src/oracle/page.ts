import type { OracleCase } from './oracle-case.ts';

/** What runs a page of oracle/mmdet, which its file name identifies. */
export interface OraclePage {
  /** File name without `.json`. */
  readonly page: string;
  /** The cases of the page. Throws where it is not the page that its name says. */
  cases(document: unknown): readonly OracleCase[];
}

/** A part of a page that is beyond the engine. */
export function skippedCase(op: string, name: string, reason: string): OracleCase {
  return { op, name, outOfScope: reason, compare: () => Promise.reject(new Error(reason)) };
}
