import type { Problem } from '../../dataset.ts';
import type { SourceFile } from '../../file-source.ts';
import { folderOf, stemOf } from '../../sources/source-paths.ts';
import type { ImageIndex, ImageLookup } from '../image-index.ts';
import type { RawAnnotation, RawDataset, RawImage } from '../raw-dataset.ts';
import type { CocoFile } from './coco-json.ts';

/** One label file and what it holds. */
export interface CocoLabelFile {
  readonly file: SourceFile;
  readonly content: CocoFile;
}

const SPLIT_TOKEN =
  /(?:^|[_\-. ])((?:mini)?(?:trainval|train|val|valid|validation|test))(?:[_-]?(?:dev)?\d{0,4})(?=$|[_\-. ])/i;

/** The split that a label file's name or folder tells (`instances_train2017` → train, `valid/_annotations.coco` → valid). */
function cocoSplitName(path: string): string | undefined {
  const inName = SPLIT_TOKEN.exec(stemOf(path))?.[1];
  if (inName !== undefined) return inName.toLowerCase();
  const folder = path
    .split('/')
    .slice(0, -1)
    .findLast((segment) => SPLIT_TOKEN.exec(segment)?.[0] === segment);
  return folder === undefined ? undefined : SPLIT_TOKEN.exec(folder)?.[1]?.toLowerCase();
}

function splitNames(files: readonly CocoLabelFile[]): string[] {
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

/** Puts label files together: labels by class name, each picture once, a split per file. */
class CocoMerger {
  readonly images: RawImage[] = [];
  readonly annotations: RawAnnotation[] = [];
  readonly #index: ImageIndex;
  readonly #problems: Problem[];
  /** Path of a picture → the image made of it by an earlier label file, with its number of annotations there. */
  readonly #earlier = new Map<string, { readonly image: number; readonly count: number }>();

  constructor(index: ImageIndex, problems: Problem[]) {
    this.#index = index;
    this.#problems = problems;
  }

  /** Adds a file; gives the image indices of its split. */
  add(label: CocoLabelFile, labelOf: ReadonlyMap<string, number>): number[] {
    const { file, content } = label;
    const counts = content.images.map(() => 0);
    for (const { image } of content.annotations) counts[image] = (counts[image] ?? 0) + 1;
    const folders = imageFolders(file.path);
    const added = new Map<number, number>();
    const indices = content.images.map(({ id, fileName, width, height }, i) => {
      const found: ImageLookup =
        fileName === ''
          ? { file: undefined, why: 'none', candidates: [] }
          : this.#index.find(fileName, folders);
      const known = found.file === undefined ? undefined : this.#earlier.get(found.file.path);
      if (known !== undefined) {
        this.#sayTwice(file.path, fileName, known.count, counts[i] ?? 0);
        return known.image;
      }
      const name = fileName === '' ? `image ${id}` : fileName;
      const image = { name, id, file: found.file, labelFile: file.path, width, height };
      if (found.file === undefined && fileName !== '') this.#problems.push(unmatched(image, found));
      added.set(i, this.images.length);
      this.images.push(image);
      return this.images.length - 1;
    });
    this.#addAnnotations(content, added, labelOf);
    for (const [i, image] of added) {
      const path = this.images[image]?.file?.path;
      if (path !== undefined) this.#earlier.set(path, { image, count: counts[i] ?? 0 });
    }
    return [...new Set(indices)];
  }

  #addAnnotations(
    content: CocoFile,
    added: ReadonlyMap<number, number>,
    labelOf: ReadonlyMap<string, number>,
  ): void {
    for (const { image, label, bbox, area, ignore, ordinal } of content.annotations) {
      const index = added.get(image);
      if (index === undefined) continue;
      const [x, y, w, h] = bbox;
      const name = content.categories[label]?.name ?? '';
      this.annotations.push({
        image: index,
        label: labelOf.get(name) ?? 0,
        box: [x, y, x + w, y + h],
        ignore,
        area,
        ordinal,
      });
    }
  }

  #sayTwice(file: string, name: string, before: number, now: number): void {
    if (before === now) return;
    this.#problems.push({
      code: 'coco-image-in-two-files',
      severity: 'warning',
      file,
      detail: `${JSON.stringify(name)} has ${now} boxes here and ${before} in another label file.`,
      repair: 'The boxes of the file that comes first by name count.',
    });
  }
}

/**
 * Puts the label files together, in the order given: classes of the first, a split per file. A picture that several
 * files list (train.json beside all.json) becomes one image, in several splits.
 */
export function mergeCocoFiles(
  files: readonly CocoLabelFile[],
  index: ImageIndex,
  problems: Problem[],
): Pick<RawDataset, 'images' | 'annotations' | 'splits'> {
  const names = splitNames(files);
  const labelOf = new Map(files[0]?.content.categories.map(({ name }, i) => [name, i]));
  const merger = new CocoMerger(index, problems);
  const splits = new Map(
    files.map((file, i): [string, number[]] => [names[i] ?? `${i}`, merger.add(file, labelOf)]),
  );
  return { images: merger.images, annotations: merger.annotations, splits };
}
