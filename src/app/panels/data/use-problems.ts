import { useMemo } from 'react';
import type { Problem } from '../../../data/dataset.ts';
import { useStore } from '../../store/store-context.tsx';

const NONE: readonly Problem[] = [];

/** All problems of the open dataset, those that turned up while training included. */
export function useProblems(): readonly Problem[] {
  const atOpening = useStore((state) => state.dataset?.problems ?? NONE);
  const later = useStore((state) => state.laterProblems);
  return useMemo(() => [...atOpening, ...later], [atOpening, later]);
}

export interface ProblemGroup {
  readonly code: string;
  readonly severity: Problem['severity'];
  readonly problems: readonly Problem[];
}

const ORDER: readonly Problem['severity'][] = ['error', 'warning', 'info'];

/** Problems by code: errors first, then by number. */
export function groupProblems(problems: readonly Problem[]): ProblemGroup[] {
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) {
    const key = `${problem.severity} ${problem.code}`;
    const group = groups.get(key) ?? [];
    group.push(problem);
    groups.set(key, group);
  }
  return [...groups.values()]
    .flatMap((group): ProblemGroup[] => {
      const [first] = group;
      return first === undefined
        ? []
        : [{ code: first.code, severity: first.severity, problems: group }];
    })
    .sort(
      (a, b) =>
        ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) ||
        b.problems.length - a.problems.length,
    );
}
