import { errorDetails, formatError, UserError } from '../../../base/errors.ts';
import { compareCodePoints } from '../../code-point-order.ts';
import { mapConcurrent } from '../../concurrent.ts';
import type { Problem } from '../../dataset.ts';
import type { FileSource, SourceFile } from '../../file-source.ts';
import { baseName, extensionOf } from '../../sources/source-paths.ts';
import { ImageIndex } from '../image-index.ts';
import type { OnOpenProgress, RawDataset, RawImage } from '../raw-dataset.ts';
import { parseCocoJson } from './coco-json.ts';
import { mergeCocoFiles, type CocoLabelFile } from './coco-merge.ts';

const SNIFF_BYTES = 65_536;
/** COCO's other files beside instances_*.json; they repeat the same images. */
const SIDE_FILE = /^(captions|person_keypoints|stuff|panoptic|image_info)_/;
/** Whether a JSON file begins like COCO labels, or like a list of results (which then is refused with its reason). */
async function sniff(file: SourceFile): Promise<'coco' | 'results' | 'other'> {
  const bytes = await (file.head?.(SNIFF_BYTES) ?? file.bytes()).catch(() => new Uint8Array());
  const text = new TextDecoder()
    .decode(bytes.subarray(0, SNIFF_BYTES).filter((byte) => byte !== 0))
    .trimStart();
  if (text.startsWith('[') && /"image_id"/.test(text) && /"bbox"/.test(text)) return 'results';
  if (!/^\W{0,3}\{/.test(text)) return 'other';
  if (/"shapes"\s*:/.test(text)) return 'other';
  return /"(images|annotations|categories)"\s*:\s*\[/.test(text) || bytes.length >= SNIFF_BYTES
    ? 'coco'
    : 'other';
}

/** The JSON files that look like COCO labels, instances before the side files that repeat them, by path. */
async function candidates(
  source: FileSource,
): Promise<{ files: SourceFile[]; skipped: SourceFile[] }> {
  const jsons = source.files
    .filter((file) => extensionOf(file.path) === 'json')
    .toSorted((a, b) => compareCodePoints(a.path, b.path));
  const kinds = await mapConcurrent(jsons, 16, sniff);
  const coco = jsons.filter((_, i) => kinds[i] === 'coco');
  const fitting = coco.length > 0 ? coco : jsons.filter((_, i) => kinds[i] === 'results');
  const hasInstances = fitting.some((file) => baseName(file.path).startsWith('instances_'));
  const isSide = (file: SourceFile): boolean => hasInstances && SIDE_FILE.test(baseName(file.path));
  return { files: fitting.filter((file) => !isSide(file)), skipped: fitting.filter(isSide) };
}

async function readFiles(
  files: readonly SourceFile[],
  problems: Problem[],
  onProgress?: OnOpenProgress,
): Promise<CocoLabelFile[]> {
  const read: CocoLabelFile[] = [];
  let firstError: unknown;
  // One after the other: label files may be hundreds of megabytes each
  for (const [i, file] of files.entries()) {
    onProgress?.({ phase: 'labels', done: i, total: files.length });
    try {
      read.push({ file, content: parseCocoJson(await file.bytes(), file.path) });
    } catch (error) {
      firstError ??= error;
      const { code, what, why } = errorDetails(error);
      problems.push({
        code,
        severity: 'error',
        file: file.path,
        detail: formatError({ code, what, ...(why === undefined ? {} : { why }) }),
        repair: 'The file was left out, with its images.',
      });
    }
  }
  onProgress?.({ phase: 'labels', done: files.length, total: files.length });
  if (read.length === 0 && firstError !== undefined) throw firstError;
  return read;
}

/** Keeps the files that have the same class names as the fullest one; the others are said. */
function sameCategories(files: readonly CocoLabelFile[], problems: Problem[]): CocoLabelFile[] {
  const key = ({ content }: CocoLabelFile): string =>
    JSON.stringify(content.categories.map(({ name }) => name).toSorted(compareCodePoints));
  const totals = new Map<string, number>();
  for (const file of files)
    totals.set(key(file), (totals.get(key(file)) ?? 0) + file.content.annotations.length + 1);
  const [best] = [...totals].toSorted((a, b) => b[1] - a[1])[0] ?? [''];
  return files.filter((file) => {
    if (key(file) === best) return true;
    problems.push({
      code: 'coco-categories-differ',
      severity: 'warning',
      file: file.file.path,
      detail: 'Its categories differ from those of the other label files.',
      repair: 'The file was left out; open it alone to use it.',
    });
    return false;
  });
}

/** The placeholder that Roboflow writes: category 0, never used, the supercategory of all others. */
function placeholderProblem(file: CocoLabelFile, counts: ReadonlyMap<number, number>): Problem[] {
  const [first, ...rest] = file.content.categories;
  if (
    first === undefined ||
    rest.length === 0 ||
    (counts.get(0) ?? 0) > 0 ||
    !rest.every(({ supercategory }) => supercategory === first.name)
  )
    return [];
  return [
    {
      code: 'coco-placeholder-category',
      severity: 'info',
      file: file.file.path,
      detail: `The category ${JSON.stringify(first.name)} has no boxes and is the supercategory of all others.`,
      repair: 'It was kept as a class; leave it out with metainfo.classes.',
      params: { name: first.name },
    },
  ];
}

function unlistedImages(index: ImageIndex, images: readonly RawImage[]): Problem[] {
  const used = new Set(images.map(({ file }) => file?.path));
  return index.images
    .filter((file) => !used.has(file.path))
    .map((file) => ({
      code: 'image-without-labels',
      severity: 'info',
      file: file.path,
      detail: 'No label file lists this image.',
      repair: 'The image was left out.',
    }));
}

/**
 * Reads a COCO data set: every instances file with the same classes, one split per file, images by path, then by unique
 * suffix or stem (see {@link ImageIndex}). Classes are the categories of the first file, in file order. A file that
 * cannot be read is a Problem; when none can, its UserError is thrown.
 */
export async function readCocoDataset(
  source: FileSource,
  onProgress?: OnOpenProgress,
): Promise<RawDataset> {
  const problems: Problem[] = [];
  const { files, skipped } = await candidates(source);
  for (const { path } of skipped)
    problems.push({
      code: 'coco-side-file',
      severity: 'info',
      file: path,
      detail: 'It repeats images of instances_*.json for another task.',
      repair: 'It was left out.',
    });
  const read = sameCategories(await readFiles(files, problems, onProgress), problems);
  const [first] = read;
  if (first === undefined)
    throw new UserError({
      code: 'coco-no-labels',
      what: 'The folder holds no COCO label file.',
      action: 'Choose the folder with the JSON file and the images.',
    });
  for (const { content } of read) problems.push(...content.problems);
  const index = new ImageIndex(source.files);
  const merged = mergeCocoFiles(read, index, problems);
  const counts = new Map<number, number>();
  for (const { label } of merged.annotations) counts.set(label, (counts.get(label) ?? 0) + 1);
  problems.push(...placeholderProblem(first, counts), ...unlistedImages(index, merged.images));
  const { categories } = first.content;
  return {
    format: 'coco',
    name: source.name,
    classes: categories.map(({ name }) => name),
    categoryIds: categories.map(({ id }) => id),
    ...merged,
    rules: { noun: 'annotation', oneBased: false, minSide: 1 },
    problems,
  };
}

/** What speaks for COCO: JSON files that begin with images, annotations or categories. */
export async function scoreCoco(source: FileSource): Promise<{ score: number; evidence: string }> {
  const { files } = await candidates(source);
  if (files.length === 0)
    return { score: 0, evidence: 'no JSON file with images, annotations and categories' };
  const shown = files
    .slice(0, 4)
    .map((file) => file.path)
    .join(', ');
  return {
    score: 0.9,
    evidence: `JSON with images, annotations and categories: ${shown}${files.length > 4 ? ` and ${files.length - 4} more` : ''}`,
  };
}
