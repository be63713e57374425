import { UserError } from '../../../base/errors.ts';
import type { Problem, ProblemSeverity } from '../../dataset.ts';
import { safePath } from '../../sources/source-paths.ts';
import { decodeText } from '../decode-text.ts';
import { parseXml, type XmlElement } from './xml-tree.ts';

export type VocBox = readonly [xmin: number, ymin: number, xmax: number, ymax: number];

export interface VocObject {
  /** Trimmed; otherwise as written (no Unicode normalisation). */
  readonly name: string;
  /** Coordinates as in the file: 1-based, inclusive. The −1 rule is applied by the data set, not here. */
  readonly box: VocBox;
  readonly difficult: boolean;
  readonly truncated: boolean;
  /** 1-based position among the <object> elements, and line of its tag. */
  readonly ordinal: number;
  readonly line: number;
}

export interface VocAnnotation {
  /** As written, or `''` when absent or unsafe. The XML's own stem is the key, not this. */
  readonly filename: string;
  /** 0 when <size> is absent, zero or unreadable: then the image's own size counts. */
  readonly width: number;
  readonly height: number;
  readonly objects: readonly VocObject[];
  readonly problems: readonly Problem[];
}

/**
 * A decimal number with optional sign, fraction and exponent, white space around it allowed; undefined for anything
 * else (`12px`, `NaN`, `inf`, an empty text, a value beyond a double).
 */
function strictNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return undefined;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

/** Only direct children count: a <part><bndbox> is not the object's box. */
function child(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((candidate) => candidate.name === name);
}

type Report = (
  code: string,
  severity: ProblemSeverity,
  line: number,
  detail: string,
  repair: string,
) => void;

/** A flag as VOC writes it: absent, empty or 0 is false, any other whole number true. */
function flag(element: XmlElement | undefined, report: Report): boolean {
  const text = element?.text.trim().toLowerCase() ?? '';
  if (text === '' || text === 'false' || text === 'unspecified') return false;
  if (text === 'true') return true;
  const value = strictNumber(text);
  if (value === undefined)
    report(
      'voc-flag-unreadable',
      'warning',
      element?.line ?? 1,
      `<${element?.name ?? ''}> is ${JSON.stringify(text)}.`,
      'It was read as 0.',
    );
  return value !== undefined && value !== 0;
}

function readObject(element: XmlElement, ordinal: number, report: Report): VocObject | undefined {
  const drop = (code: string, detail: string): undefined => {
    report(
      code,
      'warning',
      element.line,
      `Object ${ordinal}: ${detail}`,
      'The object was left out.',
    );
    return undefined;
  };
  const name = child(element, 'name')?.text.trim() ?? '';
  if (name === '') return drop('voc-object-without-name', 'it has no <name>.');
  const bndbox = child(element, 'bndbox');
  if (bndbox === undefined)
    return drop('voc-object-without-box', `${JSON.stringify(name)} has no <bndbox>.`);
  const texts = ['xmin', 'ymin', 'xmax', 'ymax'].map((key) => child(bndbox, key)?.text);
  const [xmin, ymin, xmax, ymax] = texts.map(strictNumber);
  if (xmin === undefined || ymin === undefined || xmax === undefined || ymax === undefined) {
    return drop(
      'voc-box-not-numeric',
      `the box of ${JSON.stringify(name)} is [${texts.map((text) => text?.trim() ?? 'absent').join(', ')}].`,
    );
  }
  return {
    name,
    box: [xmin, ymin, xmax, ymax],
    difficult: flag(child(element, 'difficult'), report),
    truncated: flag(child(element, 'truncated'), report),
    ordinal,
    line: element.line,
  };
}

function readSide(size: XmlElement | undefined, name: string): number {
  const value = strictNumber(child(size, name)?.text);
  return value !== undefined && Number.isInteger(value) && value > 0 ? value : 0;
}

/**
 * Reads one VOC label file. `file` is its path, for messages.
 *
 * Objects without a name or a numeric box are left out, each with a Problem. Throws UserError `xml-invalid` when the
 * file is no complete XML and `voc-wrong-root` when its root is not <annotation>.
 */
export function parseVocXml(bytes: Uint8Array, file: string): VocAnnotation {
  const problems: Problem[] = [];
  const report: Report = (code, severity, line, detail, repair) =>
    void problems.push({ code, severity, file, line, detail, repair });
  const { text, damaged, encoding, unknownEncoding } = decodeText(bytes);
  const { root, unread } = parseXml(text, file);
  if (root.name !== 'annotation') {
    throw new UserError({
      code: 'voc-wrong-root',
      what: `The root element is <${root.name}>, not <annotation>.`,
      why: 'It is no VOC label file.',
      action: 'Remove it from the folder, or export the labels as Pascal VOC.',
      place: { file, line: root.line },
    });
  }
  if (damaged)
    report(
      'text-not-in-encoding',
      'warning',
      1,
      `Some bytes are not ${encoding}.`,
      'They were replaced by U+FFFD; names that contain it are wrong.',
    );
  if (unknownEncoding !== undefined)
    report(
      'text-encoding-unknown',
      'warning',
      1,
      `The encoding ${JSON.stringify(unknownEncoding)} is not known.`,
      'The file was read as UTF-8.',
    );
  for (const what of unread)
    report(
      'xml-part-unread',
      'info',
      1,
      `The file refers to ${what}.`,
      'It was not read; nothing was fetched.',
    );
  const filename = child(root, 'filename')?.text.trim() ?? '';
  const unsafe =
    filename !== '' &&
    (filename.includes('..') || /^[\\/]/.test(filename)) &&
    safePath(filename) === undefined;
  if (unsafe)
    report(
      'voc-filename-unsafe',
      'warning',
      child(root, 'filename')?.line ?? 1,
      `<filename> is ${JSON.stringify(filename)}.`,
      "It was not used; the image is found by the label file's own name.",
    );
  const size = child(root, 'size');
  const objects = root.children
    .filter((element) => element.name === 'object')
    .flatMap((element, i) => readObject(element, i + 1, report) ?? []);
  return {
    filename: unsafe ? '' : filename,
    width: readSide(size, 'width'),
    height: readSide(size, 'height'),
    objects,
    problems,
  };
}
