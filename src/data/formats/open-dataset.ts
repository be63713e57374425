import { UserError } from '../../base/errors.ts';
import type { Dataset, Problem } from '../dataset.ts';
import type { FileSource } from '../file-source.ts';
import { compareCodePoints } from '../code-point-order.ts';
import { detectFormat } from './detect.ts';
import { finishDataset } from './finish-dataset.ts';
import type { OnOpenProgress, RawDataset } from './raw-dataset.ts';
import { FULL_SCAN_IMAGES, scanImages } from './scan-images.ts';

export interface OpenedDataset {
  readonly dataset: Dataset;
  /** Why this format was chosen, in English. */
  readonly evidence: string;
}

function wholeSet(
  code: string,
  severity: Problem['severity'],
  detail: string,
  repair: string,
): Problem {
  return { code, severity, file: '', detail, repair };
}

/** Class names that people cannot tell apart: equal after Unicode normalisation, trimming and case folding. */
function likeNames(classes: readonly string[]): Problem[] {
  const byLook = new Map<string, string[]>();
  for (const name of classes) {
    const look = name.normalize('NFKC').trim().toLowerCase();
    byLook.set(look, [...(byLook.get(look) ?? []), name]);
  }
  return [...byLook.values()]
    .filter((names) => names.length > 1)
    .map((names) =>
      wholeSet(
        'class-names-alike',
        'warning',
        `The classes ${names.map((name) => JSON.stringify(name)).join(' and ')} look alike.`,
        'They were kept apart; rename one in the labels if they are the same.',
      ),
    );
}

/** What can be looked at but not trained on. */
function unusableSet(raw: RawDataset): Problem[] {
  const problems: Problem[] = [];
  if (raw.classes.length === 0)
    problems.push(
      wholeSet(
        'dataset-no-classes',
        'error',
        'The labels name no object.',
        'Nothing can be trained; check that the label files contain objects.',
      ),
    );
  if (raw.images.every((image) => image.file === undefined)) {
    const first = raw.images[0]?.name ?? '';
    problems.push(
      wholeSet(
        'dataset-images-missing',
        'error',
        `None of the ${raw.images.length} images that the labels name was found (the first is ${JSON.stringify(first)}).`,
        'Only the statistics can be shown; open the folder that holds both the labels and the images.',
      ),
    );
  }
  if (raw.images.length > FULL_SCAN_IMAGES)
    problems.push(
      wholeSet(
        'images-sampled',
        'info',
        `Only a part of the ${raw.images.length} images was looked into while opening.`,
        'The others are checked when they are loaded.',
      ),
    );
  return problems;
}

/**
 * Opens a data set: finds out its format, reads all labels and the headers of the images, judges boxes and frames.
 *
 * Whatever is wrong but can be worked around is in `dataset.problems`, by file. Throws UserError (what, why, action) for
 * an empty folder, images without labels, a layout that cannot be read, or when no label file can be read. Labels without
 * images open, with a Problem of severity `error`: their statistics can be shown.
 * `source` must stay open as long as the data set is used.
 */
export async function openDataset(
  source: FileSource,
  options: { readonly onProgress?: OnOpenProgress } = {},
): Promise<OpenedDataset> {
  const { reader, evidence } = await detectFormat(source);
  const raw = await reader.read(source, options.onProgress);
  if (raw.images.length === 0) {
    throw new UserError({
      code: 'dataset-no-images',
      what: 'The labels list no image.',
      why: evidence,
      action: 'Check the label files.',
      place: { file: source.name },
    });
  }
  const scans = await scanImages(raw.images, options.onProgress);
  const problems = [
    ...(source.problems ?? []),
    ...unusableSet(raw),
    ...raw.problems,
    ...likeNames(raw.classes),
  ];
  const dataset = finishDataset({ ...raw, problems }, scans);
  const splits = Object.keys(dataset.splits).toSorted(compareCodePoints).join(', ');
  return { dataset, evidence: `${evidence}; splits: ${splits}` };
}
