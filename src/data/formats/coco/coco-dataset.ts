import { errorDetails, formatError, UserError } from '../../../base/errors.ts';
import { compareCodePoints } from '../../code-point-order.ts';
import { mapConcurrent } from '../../concurrent.ts';
import type { Problem } from '../../dataset.ts';
import type { FileSource, SourceFile } from '../../file-source.ts';
import { baseName, extensionOf, folderOf, stemOf } from '../../sources/source-paths.ts';
import { ImageIndex, type ImageLookup } from '../image-index.ts';
import type { OnOpenProgress, RawAnnotation, RawDataset, RawImage } from '../raw-dataset.ts';
import { parseCocoJson, type CocoFile } from './coco-json.ts';

interface LabelFile {
  readonly file: SourceFile;
  readonly content: CocoFile;
}

const SNIFF_BYTES = 65_536;
/** COCO's other files beside instances_*.json; they repeat the same images. */
const SIDE_FILE = /^(captions|person_keypoints|stuff|panoptic|image_info)_/;
const SPLIT_TOKEN =
  /(?:^|[_\-. ])((?:mini)?(?:trainval|train|val|valid|validation|test))(?:[_-]?(?:dev)?\d{0,4})(?=$|[_\-. ])/i;

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

/** The split that a label file's name or folder tells (`instances_train2017` → train, `valid/_annotations.coco` → valid). */
export function cocoSplitName(path: string): string | undefined {
  const inName = SPLIT_TOKEN.exec(stemOf(path))?.[1];
  if (inName !== undefined) return inName.toLowerCase();
  const folder = path
    .split('/')
    .slice(0, -1)
    .findLast((segment) => SPLIT_TOKEN.exec(segment)?.[0] === segment);
  return folder === undefined ? undefined : SPLIT_TOKEN.exec(folder)?.[1]?.toLowerCase();
}

function splitNames(files: readonly LabelFile[]): string[] {
  const names = files.map(
    ({ file }) => cocoSplitName(file.path) ?? (files.length === 1 ? 'all' : stemOf(file.path)),
  );
  return names.map((name, i) =>
    names.indexOf(name) === i && names.lastIndexOf(name) === i
      ? name
      : (files[i]?.file.path ?? name).replace(/\.json$/i, ''),
  );
}

/** Where the images of a label file may be, best guess first. */
function imageFolders(path: string): string[] {
  const own = folderOf(path);
  const root = own.replace(/annotations?\/$/i, '');
  const token = /[^_\-.]*$/.exec(stemOf(path))?.[0] ?? '';
  const split = cocoSplitName(path) ?? token;
  const tokens = [...new Set([token, split])].filter((name) => name !== '');
  const below = tokens.flatMap((name) => [
    `${root}${name}/`,
    `${root}images/${name}/`,
    `${root}${name}/images/`,
  ]);
  return [...new Set([own, ...below, `${root}images/`, `${root}data/`, root, ''])];
}

async function readFiles(
  files: readonly SourceFile[],
  problems: Problem[],
  onProgress?: OnOpenProgress,
): Promise<LabelFile[]> {
  const read: LabelFile[] = [];
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
function sameCategories(files: readonly LabelFile[], problems: Problem[]): LabelFile[] {
  const key = ({ content }: LabelFile): string =>
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

function unmatched(image: RawImage, found: Exclude<ImageLookup, { file: SourceFile }>): Problem {
  const [code, detail] =
    found.why === 'ambiguous'
      ? [
          'image-ambiguous',
          `Several files fit ${JSON.stringify(image.name)}: ${found.candidates.slice(0, 3).join(', ')}.`,
        ]
      : found.why === 'unsafe'
        ? [
            'image-name-unsafe',
            `${JSON.stringify(image.name)} is an absolute name or leads out of the folder.`,
          ]
        : ['image-missing', `There is no image ${JSON.stringify(image.name)}.`];
  return {
    code,
    severity: 'warning',
    file: image.labelFile,
    detail,
    repair: 'The image counts, but is neither trained on nor evaluated.',
    params: { name: image.name },
  };
}

/** The placeholder that Roboflow writes: category 0, never used, the supercategory of all others. */
function placeholderProblem(file: LabelFile, counts: ReadonlyMap<number, number>): Problem[] {
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

/** Puts the files together: labels by class name, images one after the other, a split per file. */
function merge(
  files: readonly LabelFile[],
  index: ImageIndex,
  problems: Problem[],
): Pick<RawDataset, 'images' | 'annotations' | 'splits'> {
  const names = splitNames(files);
  const labelOf = new Map(files[0]?.content.categories.map(({ name }, i) => [name, i]));
  const images: RawImage[] = [];
  const annotations: RawAnnotation[] = [];
  const splits = new Map<string, number[]>();
  for (const [i, { file, content }] of files.entries()) {
    const base = images.length;
    const folders = imageFolders(file.path);
    for (const { id, fileName, width, height } of content.images) {
      const found: ImageLookup =
        fileName === ''
          ? { file: undefined, why: 'none', candidates: [] }
          : index.find(fileName, folders);
      const image: RawImage = {
        name: fileName === '' ? `image ${id}` : fileName,
        id,
        file: found.file,
        labelFile: file.path,
        width,
        height,
      };
      if (found.file === undefined && fileName !== '') problems.push(unmatched(image, found));
      images.push(image);
    }
    for (const { image, label, bbox, area, ignore, reference } of content.annotations) {
      const [x, y, w, h] = bbox;
      const name = content.categories[label]?.name ?? '';
      annotations.push({
        image: base + image,
        label: labelOf.get(name) ?? 0,
        box: [x, y, x + w, y + h],
        ignore,
        area,
        reference: `${reference} (${name})`,
      });
    }
    splits.set(
      names[i] ?? `${i}`,
      content.images.map((_, k) => base + k),
    );
  }
  return { images, annotations, splits };
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
  const merged = merge(read, index, problems);
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
    rules: { oneBased: false, minSide: 1 },
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
