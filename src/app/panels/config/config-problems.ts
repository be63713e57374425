import type { ConfigProblem } from '../../../worker/protocol.ts';

/** A problem at a place of the text in the editor. */
export interface TextProblem {
  readonly problem: ConfigProblem;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

/** The problems that have a line in the text itself; those of its bases have theirs in other files. */
export function textProblems(problems: readonly ConfigProblem[]): TextProblem[] {
  return problems.flatMap((problem) => {
    const { file = '', line, column = 1 } = problem.place ?? {};
    if (line === undefined || file.startsWith('_base_/')) return [];
    return [{ problem, line, column }];
  });
}
