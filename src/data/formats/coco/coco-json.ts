import { UserError } from '../../../base/errors.ts';
import type { Problem } from '../../dataset.ts';
import { decodeText } from '../decode-text.ts';

export interface CocoImage {
  readonly id: number;
  /** As written; `''` when absent. */
  readonly fileName: string;
  /** 0 when the file does not say. */
  readonly width: number;
  readonly height: number;
}

export interface CocoAnnotation {
  /** Index into {@link CocoFile.images}. */
  readonly image: number;
  /** Index into {@link CocoFile.categories}. */
  readonly label: number;
  /** x, y, width, height as written. */
  readonly bbox: readonly [number, number, number, number];
  /** As written; NaN when absent. */
  readonly area: number;
  /** `iscrowd` or `ignore`. */
  readonly ignore: boolean;
  /** Its id, or its position (from 1) where it has none: what messages call it by. */
  readonly ordinal: number;
}

export interface CocoCategory {
  readonly id: number;
  readonly name: string;
  readonly supercategory: string;
}

export interface CocoFile {
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  /** In file order; doubled ids and names already settled. */
  readonly categories: readonly CocoCategory[];
  readonly problems: readonly Problem[];
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** V8 strings end at 2²⁹ − 24 characters; a larger file cannot become text at all. */
const MAX_BYTES = 2 ** 29 - 24;

function refuse(
  file: string,
  code: string,
  what: string,
  why: string,
  action: string,
  line?: number,
): UserError {
  return new UserError({
    code,
    what,
    why,
    action,
    place: { file, ...(line === undefined ? {} : { line }) },
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Python's json module writes these although JSON has no such values
    const literal = /[[:,]\s*(-?Infinity|NaN)\s*[\],}]/.exec(text);
    const at = literal?.index ?? Number(/position (\d+)/.exec(message)?.[1] ?? Number.NaN);
    const line = Number.isNaN(at) ? undefined : text.slice(0, at).split('\n').length;
    if (literal !== null) {
      throw refuse(
        file,
        'json-nan',
        `The file contains the value ${literal[1] ?? ''}, which is not JSON.`,
        "Python's json module writes NaN and Infinity although the format has no such values.",
        'Write it again with allow_nan=False after removing such values.',
        line,
      );
    }
    throw refuse(
      file,
      'json-invalid',
      'The file is no complete JSON.',
      `${message}.`,
      'Copy or export it again; it may have been cut short or edited by hand.',
      line,
    );
  }
}

function section(document: Fields, key: string, file: string): readonly unknown[] | undefined {
  if (!Object.hasOwn(document, key)) return undefined;
  const value = document[key];
  if (Array.isArray(value)) return value;
  throw refuse(
    file,
    'coco-section-not-list',
    `"${key}" is not a list.`,
    `It is ${value === null ? 'null' : typeof value}.`,
    'Export the labels as COCO instances again.',
  );
}

function requiredSection(document: Fields, key: string, file: string): readonly unknown[] {
  const found = section(document, key, file);
  if (found !== undefined) return found;
  const keys = Object.keys(document).slice(0, 8).join(', ');
  throw refuse(
    file,
    `coco-no-${key}`,
    `The file has no "${key}".`,
    `A COCO file has images, annotations and categories; this one has ${keys === '' ? 'no keys' : keys}.`,
    'Export the labels as COCO instances, with all three lists.',
  );
}

/** Collects the problems of one file, and knows how ids may be written. */
class Reader {
  readonly problems: Problem[] = [];
  readonly #file: string;
  readonly #said = new Set<string>();

  constructor(file: string) {
    this.#file = file;
  }

  report(code: string, severity: Problem['severity'], detail: string, repair: string): void {
    this.problems.push({ code, severity, file: this.#file, detail, repair });
  }

  #once(code: string, detail: string, repair: string): void {
    if (this.#said.has(code)) return;
    this.#said.add(code);
    this.report(code, 'info', detail, repair);
  }

  /** A number or the text of a whole number; undefined for all else. */
  id(value: unknown, what: string): number | undefined {
    if (typeof value === 'number') {
      if (!Number.isSafeInteger(value)) {
        this.#once(
          'coco-id-imprecise',
          `${what} ${value} is no whole number below 2^53.`,
          'Ids were compared as they round; two that differ only beyond that would be taken for one.',
        );
      }
      return value;
    }
    if (typeof value !== 'string' || !/^-?\d+$/.test(value.trim())) return undefined;
    this.#once(
      'coco-id-text',
      `${what} ${JSON.stringify(value)} is text, not a number.`,
      'Ids were read as the numbers they spell.',
    );
    return Number(value);
  }
}

function readCategories(
  rows: readonly unknown[],
  reader: Reader,
): { categories: CocoCategory[]; labelOf: Map<number, number> } {
  const categories: CocoCategory[] = [];
  const labelOf = new Map<number, number>();
  const byName = new Map<string, number>();
  rows.forEach((row, i) => {
    const fields = isFields(row) ? row : {};
    const id = reader.id(fields['id'], 'the category id');
    if (id === undefined)
      return reader.report(
        'coco-category-without-id',
        'warning',
        `Category ${i + 1} has no usable id (${JSON.stringify(fields['id'])}).`,
        'It was left out.',
      );
    if (labelOf.has(id))
      return reader.report(
        'coco-category-id-twice',
        'warning',
        `Two categories have the id ${id}; the second is ${JSON.stringify(fields['name'])}.`,
        'The first one counts, the second was left out.',
      );
    const written = fields['name'];
    const named = typeof written === 'string' && written.trim() !== '';
    const name = named ? written : `category_${id}`;
    if (!named)
      reader.report(
        'coco-category-without-name',
        'warning',
        `The category with id ${id} has no name (${JSON.stringify(written)}).`,
        `It was called ${name}.`,
      );
    const twin = byName.get(name);
    if (twin !== undefined) {
      labelOf.set(id, twin);
      return reader.report(
        'coco-category-name-twice',
        'warning',
        `Two categories are called ${JSON.stringify(name)} (ids ${categories[twin]?.id ?? ''} and ${id}).`,
        'They were joined into one class.',
      );
    }
    labelOf.set(id, categories.length);
    byName.set(name, categories.length);
    const supercategory = fields['supercategory'];
    categories.push({
      id,
      name,
      supercategory: typeof supercategory === 'string' ? supercategory : '',
    });
  });
  return { categories, labelOf };
}

function readSide(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 0;
}

function readImages(
  rows: readonly unknown[],
  reader: Reader,
): { images: CocoImage[]; indexOf: Map<number, number> } {
  const images: CocoImage[] = [];
  const indexOf = new Map<number, number>();
  const byName = new Map<string, number>();
  rows.forEach((row, i) => {
    const fields = isFields(row) ? row : {};
    const written = fields['file_name'];
    const fileName = typeof written === 'string' ? written : '';
    const id = reader.id(fields['id'], 'the image id');
    if (id === undefined)
      return reader.report(
        'coco-image-without-id',
        'warning',
        `Image ${i + 1} (${JSON.stringify(fileName)}) has no usable id, so nothing can refer to it.`,
        'It was left out.',
      );
    if (indexOf.has(id))
      return reader.report(
        'coco-image-id-twice',
        'warning',
        `Two images have the id ${id}; the second is ${JSON.stringify(fileName)}.`,
        'The first one counts, the second was left out.',
      );
    if (fileName === '')
      reader.report(
        'coco-image-without-name',
        'warning',
        `The image with id ${id} has no file_name.`,
        'It counts, but is neither trained on nor evaluated.',
      );
    else if (byName.has(fileName))
      reader.report(
        'coco-image-name-twice',
        'warning',
        `The images with ids ${byName.get(fileName) ?? ''} and ${id} name the same file ${JSON.stringify(fileName)}.`,
        'Both are kept; each has its own boxes.',
      );
    else byName.set(fileName, id);
    const [width, height] = [readSide(fields['width']), readSide(fields['height'])];
    if (width === 0 || height === 0)
      reader.report(
        'coco-image-without-size',
        'info',
        `The image with id ${id} states no usable width and height.`,
        'They are taken from the image.',
      );
    indexOf.set(id, images.length);
    images.push({ id, fileName, width, height });
  });
  return { images, indexOf };
}

function readBbox(value: unknown): readonly [number, number, number, number] | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [x, y, w, h]: unknown[] = value;
  const finite = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v);
  return finite(x) && finite(y) && finite(w) && finite(h) ? [x, y, w, h] : undefined;
}

function readAnnotations(
  rows: readonly unknown[],
  indexOf: ReadonlyMap<number, number>,
  labelOf: ReadonlyMap<number, number>,
  reader: Reader,
): CocoAnnotation[] {
  const annotations: CocoAnnotation[] = [];
  const ids = new Set<number>();
  rows.forEach((row, i) => {
    const fields = isFields(row) ? row : {};
    const id = reader.id(fields['id'], 'the annotation id');
    const drop = (code: string, detail: string): void => {
      const which = id === undefined ? `annotation at position ${i + 1}` : `annotation ${id}`;
      reader.report(code, 'warning', `The ${which} ${detail}.`, 'It was left out.');
    };
    const [imageId, categoryId] = [
      reader.id(fields['image_id'], 'the image_id'),
      reader.id(fields['category_id'], 'the category_id'),
    ];
    if (imageId === undefined)
      return drop('coco-annotation-without-image', 'has no usable image_id');
    if (categoryId === undefined)
      return drop('coco-annotation-without-category', 'has no usable category_id');
    const [image, label] = [indexOf.get(imageId), labelOf.get(categoryId)];
    if (image === undefined)
      return drop(
        'coco-image-unknown',
        `refers to the image ${imageId}, which the file does not list`,
      );
    if (label === undefined)
      return drop(
        'coco-category-unknown',
        `refers to the category ${categoryId}, which the file does not list`,
      );
    const bbox = readBbox(fields['bbox']);
    if (bbox === undefined)
      return drop(
        'coco-bbox-invalid',
        `has the bbox ${JSON.stringify(fields['bbox']) ?? 'absent'}, not four numbers`,
      );
    if (id !== undefined && ids.has(id))
      reader.report(
        'coco-annotation-id-twice',
        'warning',
        `Two annotations have the id ${id}.`,
        'Both are kept; pycocotools would lose one.',
      );
    if (id !== undefined) ids.add(id);
    const area = fields['area'];
    const truthy = (value: unknown): boolean =>
      value === true || (typeof value === 'number' && value !== 0);
    annotations.push({
      image,
      label,
      bbox,
      area: typeof area === 'number' ? area : Number.NaN,
      ignore: truthy(fields['iscrowd']) || truthy(fields['ignore']),
      ordinal: id ?? i + 1,
    });
    return undefined;
  });
  return annotations;
}

/**
 * Reads one COCO instances file. `file` is its path, for messages.
 *
 * Everything that refers to nothing, has no box or comes twice is mended or left out with a Problem; boxes are not
 * judged here. A file without annotations (COCO's image_info) is read, and said. Throws UserError when it is no JSON
 * (with the line), has no images or categories, or is a list (a results file).
 */
export function parseCocoJson(bytes: Uint8Array, file: string): CocoFile {
  if (bytes.length === 0)
    throw refuse(file, 'json-empty', 'The file is empty.', '', 'Export or copy it again.');
  if (bytes.length > MAX_BYTES)
    throw refuse(
      file,
      'json-too-large',
      'The file is larger than 512 MiB.',
      'Browsers cannot hold a text of that size.',
      'Split it, or leave the segmentations out.',
    );
  const { text, encoding, damaged } = decodeText(bytes);
  const document = parseJson(text, file);
  if (Array.isArray(document)) {
    throw refuse(
      file,
      'coco-is-list',
      'The file is a list, not a COCO data set.',
      'A list of image_id, category_id, bbox and score is a results file: what a detector found, not the labels.',
      'Choose the file with images, annotations and categories.',
    );
  }
  if (!isFields(document))
    throw refuse(
      file,
      'coco-not-object',
      `The file holds ${document === null ? 'null' : `a ${typeof document}`}, not a COCO data set.`,
      '',
      'Choose the file with images, annotations and categories.',
    );
  const reader = new Reader(file);
  if (encoding !== 'utf-8')
    reader.report(
      'json-encoding',
      'info',
      `The file is ${encoding} text; JSON has to be UTF-8.`,
      'It was read; other tools may refuse it.',
    );
  if (damaged)
    reader.report(
      'text-not-in-encoding',
      'warning',
      `Some bytes are not ${encoding}.`,
      'They were replaced by U+FFFD; names that contain it are wrong.',
    );
  const { categories, labelOf } = readCategories(
    requiredSection(document, 'categories', file),
    reader,
  );
  const { images, indexOf } = readImages(requiredSection(document, 'images', file), reader);
  const rows = section(document, 'annotations', file);
  if (rows === undefined)
    reader.report(
      'coco-no-annotations',
      'warning',
      'The file has no "annotations".',
      'Its images were read without boxes; they can be predicted on, not trained on.',
    );
  return {
    images,
    annotations: readAnnotations(rows ?? [], indexOf, labelOf, reader),
    categories,
    problems: reader.problems,
  };
}
