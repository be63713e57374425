import type { Problem } from '../../dataset.ts';
import { baseName, extensionOf, safePath } from '../../sources/source-paths.ts';
import { decodeText } from '../decode-text.ts';

export interface ImageListEntry {
  /** Name of the image without folder and extension. */
  readonly id: string;
  /** 1-based. */
  readonly line: number;
}

export interface ImageList {
  /** In file order, each id once. */
  readonly entries: readonly ImageListEntry[];
  /** True when lines carry a class flag (`000001 -1`): a per-class list. */
  readonly flagged: boolean;
  readonly problems: readonly Problem[];
}

const IMAGE_EXTENSION = /\.(jpe?g|png|bmp|webp|gif|tiff?|xml)$/i;

/**
 * Reads an ImageSets list: one id per line, white space around it and empty lines ignored, doubled ids once.
 *
 * `known` tells whether an id exists, so that an id which itself ends in ` 1` is not mistaken for an id with a flag.
 * Ids with a folder or an extension are mended, unsafe ones left out, an encoding other than UTF-8 and an empty list
 * said; each is a Problem.
 */
export function parseImageList(
  bytes: Uint8Array,
  file: string,
  known?: (id: string) => boolean,
): ImageList {
  const problems: Problem[] = [];
  const entries = new Map<string, ImageListEntry>();
  let flagged = false;
  const { text, encoding, damaged } = decodeText(bytes);
  if (encoding !== 'utf-8' || damaged) {
    problems.push({
      code: 'list-encoding',
      severity: 'info',
      file,
      detail: `The list is ${damaged ? 'not proper ' : ''}${encoding} text; MMDetection reads UTF-8 only.`,
      repair: 'It was read; save it as UTF-8 for other tools.',
    });
  }
  text.split(/\r\n|\r|\n/).forEach((raw, i) => {
    const whole = raw.trim();
    if (whole === '') return;
    const split = /^(.+?)\s+(?:-1|0|1)$/.exec(whole);
    const hasFlag = split !== null && known?.(whole) !== true;
    flagged ||= hasFlag;
    const written = hasFlag ? (split[1] ?? whole) : whole;
    const line = i + 1;
    if (safePath(written) === undefined) {
      problems.push({
        code: 'list-id-unsafe',
        severity: 'warning',
        file,
        line,
        detail: `${JSON.stringify(written)} leads out of the folder.`,
        repair: 'The line was left out.',
      });
      return;
    }
    const base = baseName(written.replaceAll('\\', '/'));
    const id =
      known?.(base) !== true && IMAGE_EXTENSION.test(base)
        ? base.slice(0, -(extensionOf(base).length + 1))
        : base;
    if (id !== written) {
      problems.push({
        code: 'list-id-mended',
        severity: 'info',
        file,
        line,
        detail: `${JSON.stringify(written)} has a folder or an extension.`,
        repair: `It was read as ${JSON.stringify(id)}.`,
      });
    }
    if (!entries.has(id)) entries.set(id, { id, line });
  });
  if (entries.size === 0) {
    problems.push({
      code: 'list-empty',
      severity: 'warning',
      file,
      detail: 'The list names no image.',
      repair: 'The split is empty and will not be used.',
    });
  }
  return { entries: [...entries.values()], flagged, problems };
}
