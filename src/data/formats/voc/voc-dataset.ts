import { errorDetails, formatError, UserError } from '../../../base/errors.ts';
import { compareCodePoints } from '../../code-point-order.ts';
import { mapConcurrent } from '../../concurrent.ts';
import type { Problem } from '../../dataset.ts';
import type { FileSource, SourceFile } from '../../file-source.ts';
import { extensionOf, folderOf, stemOf } from '../../sources/source-paths.ts';
import { ImageIndex, type ImageLookup } from '../image-index.ts';
import type { OnOpenProgress, RawAnnotation, RawDataset, RawImage } from '../raw-dataset.ts';
import { parseImageList } from './image-list.ts';
import { parseVocXml, type VocAnnotation } from './voc-xml.ts';

interface LabelFile {
  readonly file: SourceFile;
  /** Folder that holds Annotations, images and ImageSets, with its last slash: one per year of a devkit. */
  readonly root: string;
  readonly stem: string;
  readonly annotation: VocAnnotation;
}

const SPLIT_FOLDER = /^(train|trainval|val|valid|validation|test)$/i;

/** The folder above `Annotations/`, else the label file's own folder. */
function rootOf(path: string): string {
  const folder = folderOf(path);
  const match = /^(.*?)annotations?\/(?:.*\/)?$/i.exec(folder);
  return match === null ? folder : (match[1] ?? '');
}

async function readLabels(
  files: readonly SourceFile[],
  problems: Problem[],
  onProgress?: OnOpenProgress,
): Promise<LabelFile[]> {
  let done = 0;
  let firstError: unknown;
  const read = await mapConcurrent(
    files,
    16,
    async (file): Promise<{ label?: LabelFile; problem?: Problem }> => {
      try {
        const annotation = parseVocXml(await file.bytes(), file.path);
        return { label: { file, root: rootOf(file.path), stem: stemOf(file.path), annotation } };
      } catch (error) {
        firstError ??= error;
        const details = errorDetails(error);
        const { line } = details.place ?? {};
        const detail = formatError({
          code: details.code,
          what: details.what,
          ...(details.why === undefined ? {} : { why: details.why }),
        });
        return {
          problem: {
            code: details.code,
            severity: 'error',
            file: file.path,
            ...(line === undefined ? {} : { line }),
            detail,
            repair: 'Its image was left out: without labels it would count as empty.',
          },
        };
      } finally {
        done += 1;
        if (done % 64 === 0 || done === files.length)
          onProgress?.({ phase: 'labels', done, total: files.length });
      }
    },
  );
  const labels = read.flatMap(({ label }) => label ?? []);
  if (labels.length === 0 && firstError !== undefined) throw firstError;
  for (const { label, problem } of read)
    problems.push(
      ...(problem === undefined ? [] : [problem]),
      ...(label?.annotation.problems ?? []),
    );
  return labels;
}

function missingImage(
  label: LabelFile,
  found: Exclude<ImageLookup, { file: SourceFile }>,
): Problem {
  const several = found.why === 'ambiguous';
  return {
    code: several ? 'image-ambiguous' : 'image-missing',
    severity: 'warning',
    file: label.file.path,
    detail: several
      ? `Several images are called ${label.stem}: ${found.candidates.slice(0, 3).join(', ')}.`
      : `There is no image ${label.stem}.* for this label file.`,
    repair: 'The image counts, but is neither trained on nor evaluated.',
  };
}

function findImage(label: LabelFile, index: ImageIndex): ImageLookup {
  const { root } = label;
  const folders = [
    `${root}JPEGImages/`,
    `${root}Images/`,
    `${root}images/`,
    folderOf(label.file.path),
    root,
  ];
  return index.findStem(label.stem, folders);
}

function readSplitName(
  path: string,
  flagged: boolean,
  classes: ReadonlySet<string>,
): string | undefined {
  const name = stemOf(path);
  const perClass = /^(.+)_(?:train|val|trainval|test)$/.exec(name);
  if (perClass !== null && (flagged || classes.has(perClass[1] ?? ''))) return undefined;
  return name;
}

const LIST_PLACES = [
  /^(.*\/)?ImageSets\/Main\/[^/]+\.txt$/i,
  /^(.*\/)?ImageSets\/[^/]+\.txt$/i,
  /^(.*\/)?(?:train|trainval|val|valid|validation|test)\.txt$/i,
];

/** The lists that name splits with the root they belong to: ImageSets/Main, else ImageSets itself, else train.txt and the like. */
function splitLists(source: FileSource): { file: SourceFile; root: string }[] {
  for (const place of LIST_PLACES) {
    const lists = source.files.flatMap((file) => {
      const match = place.exec(file.path);
      return match === null ? [] : [{ file, root: match[1] ?? '' }];
    });
    if (lists.length > 0) return lists;
  }
  return [];
}

async function readSplits(
  source: FileSource,
  labels: readonly LabelFile[],
  classes: ReadonlySet<string>,
  problems: Problem[],
): Promise<Map<string, number[]>> {
  const byRoot = new Map<string, Map<string, number>>();
  const byStem = new Map<string, number>();
  labels.forEach(({ root, stem }, i) => {
    byRoot.set(root, (byRoot.get(root) ?? new Map<string, number>()).set(stem, i));
    byStem.set(stem, i);
  });
  const splits = new Map<string, number[]>();
  for (const { file, root } of splitLists(source)) {
    const indexOf = (id: string): number | undefined => byRoot.get(root)?.get(id) ?? byStem.get(id);
    const list = parseImageList(await file.bytes(), file.path, (id) => indexOf(id) !== undefined);
    const name = readSplitName(file.path, list.flagged, classes);
    if (name === undefined) continue;
    problems.push(...list.problems);
    const indices = splits.get(name) ?? [];
    for (const { id, line } of list.entries) {
      const index = indexOf(id);
      if (index !== undefined) indices.push(index);
      else
        problems.push({
          code: 'list-id-unknown',
          severity: 'warning',
          file: file.path,
          line,
          detail: `${JSON.stringify(id)} has no label file.`,
          repair: 'It was left out of the split.',
          params: { id },
        });
    }
    splits.set(name, [...new Set(indices)]);
  }
  return splits;
}

/** Splits by folder (train/, valid/, test/) where no list names any. */
function splitsByFolder(labels: readonly LabelFile[]): Map<string, number[]> {
  const splits = new Map<string, number[]>();
  labels.forEach(({ file }, i) => {
    const folder = file.path
      .split('/')
      .slice(0, -1)
      .find((segment) => SPLIT_FOLDER.test(segment));
    if (folder === undefined) return;
    const name = folder.toLowerCase();
    const indices = splits.get(name) ?? [];
    indices.push(i);
    splits.set(name, indices);
  });
  return splits;
}

function unlabelledImages(index: ImageIndex, images: readonly RawImage[]): Problem[] {
  const used = new Set(images.map(({ file }) => file?.path));
  return index.images
    .filter((file) => !used.has(file.path) && !/(^|\/)Segmentation(Class|Object)\//.test(file.path))
    .map((file) => ({
      code: 'image-without-labels',
      severity: 'info',
      file: file.path,
      detail: `No label file is called ${stemOf(file.path)}.xml.`,
      repair:
        'The image was left out; an image without objects needs a label file without <object>.',
    }));
}

function toAnnotations(labels: readonly LabelFile[], classes: readonly string[]): RawAnnotation[] {
  const labelOf = new Map(classes.map((name, i) => [name, i]));
  return labels.flatMap(({ annotation }, image) =>
    annotation.objects.map((object) => ({
      image,
      label: labelOf.get(object.name) ?? 0,
      box: object.box,
      ignore: object.difficult,
      area: Number.NaN,
      ordinal: object.ordinal,
      line: object.line,
    })),
  );
}

/**
 * Reads a VOC data set: label files wherever they are, images by the label file's stem, splits from ImageSets.
 *
 * Classes are the names that occur, sorted by code point. Several years (VOC2007/, VOC2012/) become one set, splits of
 * one name joined. A label file that cannot be read is a Problem; when none can, its UserError is thrown.
 */
export async function readVocDataset(
  source: FileSource,
  onProgress?: OnOpenProgress,
): Promise<RawDataset> {
  const problems: Problem[] = [];
  const files = source.files
    .filter((file) => extensionOf(file.path) === 'xml')
    .toSorted((a, b) => compareCodePoints(a.path, b.path));
  const labels = await readLabels(files, problems, onProgress);
  if (labels.length === 0)
    throw new UserError({
      code: 'voc-no-labels',
      what: 'The folder holds no VOC label file.',
      action: 'Choose the folder that holds Annotations and JPEGImages.',
    });
  const classes = [
    ...new Set(labels.flatMap(({ annotation }) => annotation.objects.map(({ name }) => name))),
  ].toSorted(compareCodePoints);
  const index = new ImageIndex(source.files);
  const images = labels.map((label, i): RawImage => {
    const found = findImage(label, index);
    if (found.file === undefined) problems.push(missingImage(label, found));
    return {
      name: label.stem,
      id: i + 1,
      file: found.file,
      labelFile: label.file.path,
      width: label.annotation.width,
      height: label.annotation.height,
    };
  });
  problems.push(...unlabelledImages(index, images));
  const listed = await readSplits(source, labels, new Set(classes), problems);
  return {
    format: 'voc',
    name: source.name,
    classes,
    categoryIds: classes.map((_, i) => i + 1),
    images,
    annotations: toAnnotations(labels, classes),
    splits: listed.size > 0 ? listed : splitsByFolder(labels),
    rules: { noun: 'object', oneBased: true, minSide: 0 },
    problems,
  };
}

/** What speaks for VOC: XML files that begin like VOC labels, and the folders of the devkit. */
export async function scoreVoc(source: FileSource): Promise<{ score: number; evidence: string }> {
  const xmls = source.files.filter((file) => extensionOf(file.path) === 'xml');
  if (xmls.length === 0) return { score: 0, evidence: 'no XML files' };
  const step = Math.max(1, Math.floor(xmls.length / 8));
  const probes = xmls.filter((_, i) => i % step === 0).slice(0, 8);
  const texts = await mapConcurrent(probes, 8, async (file) => {
    const bytes = await (file.head?.(4096) ?? file.bytes()).catch(() => new Uint8Array());
    return new TextDecoder().decode(bytes.subarray(0, 4096).filter((byte) => byte !== 0));
  });
  const fitting = texts.filter((text) => /<(\w+:)?annotation[\s>]/.test(text)).length;
  const folders = ['Annotations', 'JPEGImages', 'ImageSets'].filter((name) =>
    source.files.some((file) => new RegExp(`(^|/)${name}/`).test(file.path)),
  );
  const share = fitting / probes.length;
  const evidence = `${xmls.length} XML files${share > 0 ? ' with <annotation>' : ''}${folders.length > 0 ? `, folders ${folders.join(', ')}` : ''}`;
  return {
    score:
      share > 0
        ? 0.5 + 0.2 * share + 0.1 * folders.length
        : folders.includes('Annotations')
          ? 0.2
          : 0.05,
    evidence,
  };
}
