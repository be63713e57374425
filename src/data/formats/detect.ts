import { UserError } from '../../base/errors.ts';
import type { FileSource } from '../file-source.ts';
import { extensionOf } from '../sources/source-paths.ts';
import { isImagePath } from './image-index.ts';
import { FORMATS, type FormatReader } from './list.ts';

export interface DetectedFormat {
  readonly reader: FormatReader;
  /** Why this one, and what else was seen. */
  readonly evidence: string;
}

/** Layouts that are known by sight but cannot be read yet, so that the message can name them. */
function otherLayout(source: FileSource): string | undefined {
  const has = (pattern: RegExp): boolean => source.files.some((file) => pattern.test(file.path));
  if (has(/(^|\/)labels\/.*\.txt$/i) || has(/(^|\/)(data|dataset)\.ya?ml$/i))
    return 'YOLO text labels';
  const jsons = source.files.filter((file) => extensionOf(file.path) === 'json').length;
  const images = source.files.filter((file) => isImagePath(file.path)).length;
  if (jsons > 1 && jsons >= images / 2) return 'labelme, one JSON file per image';
  if (has(/\.csv$/i)) return 'a CSV file';
  return undefined;
}

function nothingFound(source: FileSource): UserError {
  const images = source.files.filter((file) => isImagePath(file.path)).length;
  const place = { file: source.name };
  const action =
    'Choose the folder that holds Annotations/ and JPEGImages/ (Pascal VOC), or the JSON file beside its images (COCO).';
  if (source.files.length === 0) {
    return new UserError({
      code: 'dataset-empty',
      what: 'The folder is empty.',
      why: 'It holds no files, or they could not be listed.',
      action,
      place,
    });
  }
  const other = otherLayout(source);
  if (other !== undefined) {
    return new UserError({
      code: 'dataset-format-unsupported',
      what: `This looks like ${other}.`,
      why: 'Pascal VOC and COCO can be read.',
      action: 'Export the labels as Pascal VOC or COCO and open that folder.',
      place,
      params: { layout: other },
    });
  }
  if (images > 0) {
    return new UserError({
      code: 'dataset-no-annotations',
      what: `The folder holds ${images} images, but no labels.`,
      why: 'Training needs boxes: XML files (Pascal VOC) or a JSON file (COCO).',
      action,
      place,
      params: { images },
    });
  }
  const kinds = [...new Set(source.files.map((file) => extensionOf(file.path)))]
    .slice(0, 6)
    .map((kind) => (kind === '' ? 'no extension' : `.${kind}`))
    .join(', ');
  return new UserError({
    code: 'dataset-unrecognised',
    what: 'The folder holds neither images nor labels that can be read.',
    why: `It holds ${source.files.length} files: ${kinds}.`,
    action,
    place,
  });
}

/** Scores every known format and chooses the best. Throws UserError when nothing fits, saying what was seen. */
export async function detectFormat(source: FileSource): Promise<DetectedFormat> {
  const scored = [];
  for (const reader of FORMATS) scored.push({ reader, ...(await reader.score(source)) });
  const [best, second] = scored.toSorted((a, b) => b.score - a.score);
  if (best === undefined || best.score === 0) throw nothingFound(source);
  const also =
    second !== undefined && second.score >= 0.5
      ? ` (also seen: ${second.reader.title}, ${second.evidence})`
      : '';
  return { reader: best.reader, evidence: `${best.reader.title}: ${best.evidence}${also}` };
}
