import type { Problem } from './dataset.ts';

/** A file inside a dropped folder, a zip or a directory on disk. Nothing is read until `bytes` is called. */
export interface SourceFile {
  /** Path relative to the root that was given, with forward slashes; never absolute, never containing `..`. */
  readonly path: string;
  /** Size in bytes, or -1 where the source lists names without sizes. */
  readonly size: number;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The first `maxBytes` bytes (fewer when the file is shorter). Absent where a source cannot read a part cheaply. */
  readonly head?: (maxBytes: number) => Promise<Uint8Array<ArrayBuffer>>;
}

/** Where a dataset's files come from. Listing is complete before any format looks at it. */
export interface FileSource {
  /** The folder's or archive's own name, for the title. */
  readonly name: string;
  readonly files: readonly SourceFile[];
  /** What the source left out while listing (names that climb out of an archive), with why. */
  readonly problems?: readonly Problem[];
  dispose(): void;
}
