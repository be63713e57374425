import type { Dataset, DatasetFormat, Problem } from '../dataset.ts';

export interface DatasetDescription {
  readonly format: DatasetFormat;
  readonly name: string;
  readonly numImages: number;
  /** Images that are neither trained on nor evaluated: no file, or unreadable. */
  readonly numUnusableImages: number;
  /** As in the files: crowd, difficult and unusable boxes included. */
  readonly numAnnotations: number;
  /** In label order, classes without any box included. */
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly splits: Readonly<Record<string, number>>;
  /** Errors first, then warnings, then what is only worth knowing; by file and line within. */
  readonly problems: readonly Problem[];
}

const RANK = { error: 0, warning: 1, info: 2 } as const;

function compareProblems(a: Problem, b: Problem): number {
  const bySeverity = RANK[a.severity] - RANK[b.severity];
  if (bySeverity !== 0) return bySeverity;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0);
}

/** What a data set holds and what is wrong with it, as plain data. */
export function describeDataset(dataset: Dataset): DatasetDescription {
  return {
    format: dataset.format,
    name: dataset.name,
    numImages: dataset.images.length,
    numUnusableImages: dataset.images.filter((image) => image.missing).length,
    numAnnotations: dataset.annotations.labels.length,
    classes: dataset.classes.map((name, i) => ({ name, count: dataset.classCounts[i] ?? 0 })),
    splits: Object.fromEntries(
      Object.entries(dataset.splits).map(([name, indices]) => [name, indices.length]),
    ),
    problems: dataset.problems.toSorted(compareProblems),
  };
}
