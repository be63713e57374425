import type { Backend } from './oracle-case.ts';
import { casesOf } from './oracle-input.ts';
import type { OracleInput } from './oracle-input.ts';
import { reportOf, runCases } from './run-cases.ts';
import type { CaseResult, OracleReport } from './run-cases.ts';

/** Runs everything, input after input. */
export async function runInputs(
  inputs: readonly OracleInput[],
  backend: Backend,
): Promise<OracleReport> {
  const results: CaseResult[] = [];
  for (const input of inputs) {
    const { cases, dispose } = casesOf(input);
    results.push(...(await runCases(input.file, cases, backend)));
    dispose();
  }
  return reportOf(results);
}
