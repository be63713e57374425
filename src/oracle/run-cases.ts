import { judge } from './judge.ts';
import type { Backend, OracleCase } from './oracle-case.ts';

/** The result of one case, as `--json` prints it. */
export interface CaseResult {
  /** Path as it was given. */
  readonly file: string;
  readonly op: string;
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped, or a note. */
  readonly detail?: string;
  /** The largest error as a share of what is allowed; null where no share says it (an index, a NaN). */
  readonly worst?: number | null;
}

export interface OracleReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cases: readonly CaseResult[];
}

/** Runs the cases of a file one after the other; a case that throws has failed. */
export async function runCases(
  file: string,
  cases: readonly OracleCase[],
  backend: Backend,
): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const item of cases) results.push(await runCase(file, item, backend));
  return results;
}

async function runCase(file: string, item: OracleCase, backend: Backend): Promise<CaseResult> {
  const { op, name, outOfScope, note } = item;
  const where = { file, op, name };
  if (outOfScope !== undefined) return { ...where, status: 'skipped', detail: outOfScope };
  try {
    const verdicts = (await item.compare(backend)).map(judge);
    if (verdicts.length === 0) throw new Error('nothing was compared');
    const worst = verdicts.reduce((max, verdict) => Math.max(max, verdict.worst), 0);
    const problems = verdicts.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
    const measured = { ...where, worst: Number.isFinite(worst) ? worst : null };
    if (problems.length > 0) {
      return { ...measured, status: 'failed', detail: describeProblems(problems) };
    }
    return { ...measured, status: 'passed', ...(note === undefined ? {} : { detail: note }) };
  } catch (error) {
    return { ...where, status: 'failed', detail: messageOf(error) };
  }
}

/** Most that is said of one case. */
const MAX_PROBLEMS = 5;

function describeProblems(problems: readonly string[]): string {
  const rest = problems.length - MAX_PROBLEMS;
  const shown = problems.slice(0, MAX_PROBLEMS).join('; ');
  return rest > 0 ? `${shown}; and ${rest} more` : shown;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Counts results. */
export function reportOf(cases: readonly CaseResult[]): OracleReport {
  const count = (status: CaseResult['status']) =>
    cases.filter((result) => result.status === status).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    cases,
  };
}

/** A line per failure and skip, and the counts last. */
export function describeReport({ passed, failed, skipped, cases }: OracleReport): string {
  const lines = cases
    .filter(({ status }) => status !== 'passed')
    .map(
      ({ file, op, name, status, detail }) =>
        `${status} ${file}: ${op} ${name}${detail === undefined ? '' : `: ${detail}`}`,
    );
  return [...lines, `${passed} passed, ${failed} failed, ${skipped} skipped`].join('\n');
}
