import type { Dataset, DatasetFormat, ProblemSeverity } from '../dataset.ts';
import type { FileSource } from '../file-source.ts';
import { openDataset } from '../formats/open-dataset.ts';
import type { OnOpenProgress } from '../formats/raw-dataset.ts';
import { describeDataset } from './describe-dataset.ts';

/** The document of `inspect-data DIR --json`. Counts are as in the files. */
export interface DataInspection {
  readonly format: DatasetFormat;
  readonly images: number;
  readonly annotations: number;
  readonly classes: readonly { readonly name: string; readonly count: number }[];
  readonly splits: Readonly<Record<string, number>>;
  readonly problems: readonly {
    readonly code: string;
    readonly severity: ProblemSeverity;
    readonly file: string;
    readonly detail: string;
    readonly repair: string;
  }[];
}

/** Opens a data set and says what is in it. Throws what `openDataset` throws. */
export async function inspectData(
  source: FileSource,
  onProgress?: OnOpenProgress,
): Promise<DataInspection> {
  const { dataset } = await openDataset(source, onProgress === undefined ? {} : { onProgress });
  return inspectDataset(dataset);
}

/** The same of a data set that is open already (the sample, which has no files). */
export function inspectDataset(dataset: Dataset): DataInspection {
  const { format, numImages, numAnnotations, classes, splits, problems } = describeDataset(dataset);
  return {
    format,
    images: numImages,
    annotations: numAnnotations,
    classes,
    splits,
    problems: problems.map(({ code, severity, file, line, detail, repair }) => ({
      code,
      severity,
      file,
      ...(line === undefined ? {} : { line }),
      detail,
      repair,
    })),
  };
}
