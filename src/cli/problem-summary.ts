import type { Problem } from '../data/dataset.ts';

/** Problems of a dataset by code, the gravest first: how often, and the first of each kind in full. */
export function problemLines(problems: readonly Problem[]): string[] {
  const byCode = new Map<string, { readonly first: Problem; count: number }>();
  for (const problem of problems) {
    const known = byCode.get(problem.code);
    if (known === undefined) byCode.set(problem.code, { first: problem, count: 1 });
    else known.count += 1;
  }
  const rank = { error: 0, warning: 1, info: 2 } as const;
  return [...byCode.values()]
    .toSorted((a, b) => rank[a.first.severity] - rank[b.first.severity])
    .map(({ first: { code, severity, file, line, detail, repair }, count }) => {
      const at = file === '' ? '' : ` ${file}${line === undefined ? '' : `:${line}`}`;
      const times = count === 1 ? '' : ` (${count} times, the first:)`;
      return `data ${severity}: ${code}${times}${at}: ${detail} ${repair}`.trimEnd();
    });
}
