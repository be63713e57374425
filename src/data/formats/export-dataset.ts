/** Any open data set as a zip of Pascal VOC or COCO files: image bytes as they are, labels written anew. */
import { BlobWriter, TextReader, Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js';
import { errorDetails, formatError } from '../../base/errors.ts';
import { FLAG_IGNORE, type Dataset } from '../dataset.ts';
import { sampleLicence } from '../sample/sample-licence.ts';
import { extensionOf } from '../sources/source-paths.ts';
import { cocoJson } from './coco/write-coco.ts';
import { cocoFileNames, vocStems } from './export-names.ts';
import { vocImageList, vocXml } from './voc/write-voc.ts';

export type ExportFormat = 'voc' | 'coco';

/** Called after each image, with how many of how many are done. */
export type OnExportProgress = (done: number, total: number) => void;

/**
 * Split name, fit for a file name, → image indices; images of no split become a split of their own, so that every image
 * is listed.
 */
function completeSplits(dataset: Dataset): Map<string, Uint32Array> {
  const splits = new Map<string, Uint32Array>();
  const add = (wanted: string, indices: Uint32Array): void => {
    let name = wanted.replaceAll(/[^\w.-]/g, '_');
    while (splits.has(name)) name += '_';
    splits.set(name, indices);
  };
  for (const [name, indices] of Object.entries(dataset.splits)) add(name, indices);
  const listed = new Set([...splits.values()].flatMap((indices) => [...indices]));
  const rest = dataset.images.flatMap(({ index }) => (listed.has(index) ? [] : [index]));
  if (rest.length > 0) add('unlisted', Uint32Array.from(rest));
  return splits;
}

function* vocLabels(dataset: Dataset, stems: readonly string[]): Generator<[string, string]> {
  for (const image of dataset.images) {
    const stem = stems[image.index] ?? '';
    const extension = extensionOf(image.path);
    const fileName = extension === '' ? stem : `${stem}.${extension}`;
    yield [`Annotations/${stem}.xml`, vocXml(dataset, image.index, fileName)];
  }
  for (const [name, indices] of completeSplits(dataset)) {
    const listed = Array.from(indices, (index) => stems[index] ?? '');
    yield [`ImageSets/Main/${name}.txt`, vocImageList(listed)];
  }
}

function* cocoLabels(dataset: Dataset, fileNames: readonly string[]): Generator<[string, string]> {
  for (const [name, indices] of completeSplits(dataset)) {
    yield [`annotations/instances_${name}.json`, cocoJson(dataset, indices, fileNames)];
  }
}

function readme(dataset: Dataset, format: ExportFormat, unread: readonly string[]): string {
  const { flags } = dataset.annotations;
  const ignored = flags.filter((flag) => (flag & FLAG_IGNORE) !== 0).length;
  const lines = [
    `${dataset.name}, as ${format === 'voc' ? 'Pascal VOC' : 'COCO'}`,
    '',
    `Images: ${dataset.images.length}`,
    `Annotations: ${flags.length}${ignored > 0 ? `, ${ignored} of them ${format === 'voc' ? 'difficult' : 'crowd'}` : ''}`,
    `Classes: ${dataset.classes.join(', ')}`,
    ...[...completeSplits(dataset)].map(
      ([name, indices]) => `Split ${name}: ${indices.length} images`,
    ),
    'Boxes and classes only: masks and other fields of the original labels are not in here.',
  ];
  if (
    format === 'voc' &&
    dataset.images.some(({ path }) => path !== '' && extensionOf(path) !== 'jpg')
  ) {
    lines.push(
      'MMDetection looks for JPEGImages/*.jpg; for other extensions use the COCO export with it.',
    );
  }
  if (dataset.format === 'sample') lines.push('Licence of the artwork: LICENSE.txt');
  if (unread.length > 0) lines.push('', 'Images that are labelled but not in here:', ...unread);
  return `${lines.join('\n')}\n`;
}

/**
 * Packs the data set: `Annotations/`, `ImageSets/Main/`, `JPEGImages/` for VOC; `annotations/instances_SPLIT.json` and
 * `images/` for COCO; and a README.txt that says what is inside, what is not, and why. Image bytes are stored as they are
 * read. An image that is missing or cannot be read keeps its labels and is named in the README; nothing else is left out.
 * Rejects when packing itself fails.
 */
export async function exportDataset(
  dataset: Dataset,
  format: ExportFormat,
  onProgress?: OnExportProgress,
): Promise<Blob> {
  // Compression runs where this runs, inside the engine's worker: the page's policy allows no workers from blob: URLs.
  const zip = new ZipWriter(new BlobWriter('application/zip'), { useWebWorkers: false });
  const names = format === 'voc' ? vocStems(dataset.images) : cocoFileNames(dataset.images);
  const labels = format === 'voc' ? vocLabels(dataset, names) : cocoLabels(dataset, names);
  for (const [path, text] of labels) await zip.add(path, new TextReader(text));
  const unread: string[] = [];
  for (const { index, path, missing, name: label } of dataset.images) {
    const name = names[index] ?? '';
    const extension = extensionOf(path);
    const target =
      format === 'coco' ? `images/${name}` : `JPEGImages/${name}${extension && `.${extension}`}`;
    if (missing) unread.push(`${label}: no such file`);
    else {
      const bytes = await dataset.readImage(index).catch((error: unknown) => {
        unread.push(`${label}: ${formatError(errorDetails(error))}`);
      });
      // Images are compressed already.
      if (bytes !== undefined) await zip.add(target, new Uint8ArrayReader(bytes), { level: 0 });
    }
    onProgress?.(index + 1, dataset.images.length);
  }
  await zip.add('README.txt', new TextReader(readme(dataset, format, unread)));
  if (dataset.format === 'sample') {
    await zip.add('LICENSE.txt', new TextReader(sampleLicence.text));
  }
  return zip.close();
}
