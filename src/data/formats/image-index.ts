import type { SourceFile } from '../file-source.ts';
import { baseName, extensionOf, safePath, stemOf } from '../sources/source-paths.ts';

/** Files that are taken for images. What of these can be decoded depends on the platform; the decoder says so. */
const IMAGE_EXTENSIONS = new Set([
  'jpg',
  'jpeg',
  'jpe',
  'jfif',
  'png',
  'bmp',
  'webp',
  'gif',
  'avif',
  'tif',
  'tiff',
  'heic',
]);

export function isImagePath(path: string): boolean {
  return IMAGE_EXTENSIONS.has(extensionOf(path));
}

export interface ImageMatch {
  readonly file: SourceFile;
  /** `exact` path, unique `suffix` or `stem`, or `case` when only letter case or Unicode form differ. */
  readonly how: 'exact' | 'suffix' | 'stem' | 'case';
}

export type ImageLookup =
  | ImageMatch
  | {
      readonly file: undefined;
      readonly why: 'none' | 'ambiguous' | 'unsafe';
      readonly candidates: readonly string[];
    };

function group(
  files: readonly SourceFile[],
  key: (path: string) => string,
): Map<string, SourceFile[]> {
  const groups = new Map<string, SourceFile[]>();
  for (const file of files) {
    const name = key(file.path);
    const members = groups.get(name);
    if (members === undefined) groups.set(name, [file]);
    else members.push(file);
  }
  return groups;
}

/** Unicode NFC: macOS stores names decomposed, label files mostly composed. */
function nfc(text: string): string {
  return text.normalize('NFC');
}

function folded(text: string): string {
  return nfc(text).toLowerCase();
}

/**
 * Finds images by the names that label files give them, among the files of the source only.
 *
 * Order: the exact path (also below `folders`), then the files whose path ends in the name, then those of the same stem
 * (the label says .png, the folder holds .jpg), then the same without letter case. A rule that finds several files is
 * narrowed to those below one of `folders`; if several are left, nothing is chosen.
 */
export class ImageIndex {
  readonly images: readonly SourceFile[];
  readonly #byPath: ReadonlyMap<string, SourceFile>;
  readonly #byBase: ReadonlyMap<string, readonly SourceFile[]>;
  readonly #byStem: ReadonlyMap<string, readonly SourceFile[]>;
  #byFoldedStem: ReadonlyMap<string, readonly SourceFile[]> | undefined;

  constructor(files: readonly SourceFile[]) {
    this.images = files.filter((file) => isImagePath(file.path));
    this.#byPath = new Map(this.images.map((file) => [nfc(file.path), file]));
    this.#byBase = group(this.images, (path) => nfc(baseName(path)));
    this.#byStem = group(this.images, (path) => nfc(stemOf(path)));
  }

  /** `folders` are tried in order; each ends in a slash or is `''` for the root. */
  find(name: string, folders: readonly string[] = ['']): ImageLookup {
    const safe = safePath(name);
    if (safe === undefined)
      return { file: undefined, why: name === '' ? 'none' : 'unsafe', candidates: [] };
    const wanted = nfc(safe);
    for (const folder of folders) {
      const file = this.#byPath.get(nfc(folder) + wanted);
      if (file !== undefined) return { file, how: 'exact' };
    }
    const suffix = `/${wanted}`;
    const bySuffix = (this.#byBase.get(baseName(wanted)) ?? []).filter((file) =>
      `/${nfc(file.path)}`.endsWith(suffix),
    );
    if (bySuffix.length > 0) return choose(bySuffix, folders, 'suffix');
    return this.findStem(stemOf(wanted), folders);
  }

  /** As {@link find}, by stem alone: the rule of VOC, whose ids have no extension. */
  findStem(stem: string, folders: readonly string[] = ['']): ImageLookup {
    const byStem = this.#byStem.get(nfc(stem)) ?? [];
    if (byStem.length > 0) return choose(byStem, folders, 'stem');
    this.#byFoldedStem ??= group(this.images, (path) => folded(stemOf(path)));
    const byCase = this.#byFoldedStem.get(folded(stem)) ?? [];
    return byCase.length > 0
      ? choose(byCase, folders, 'case')
      : { file: undefined, why: 'none', candidates: [] };
  }
}

function choose(
  files: readonly SourceFile[],
  folders: readonly string[],
  how: ImageMatch['how'],
): ImageLookup {
  const [only] = files;
  if (files.length === 1 && only !== undefined) return { file: only, how };
  for (const folder of folders) {
    const below = folder === '' ? [] : files.filter((file) => file.path.startsWith(folder));
    const [one] = below;
    if (below.length === 1 && one !== undefined) return { file: one, how };
  }
  return { file: undefined, why: 'ambiguous', candidates: files.map((file) => file.path) };
}
