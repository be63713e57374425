import { BlobReader, configure, Uint8ArrayReader, ZipReader } from '@zip.js/zip.js';
import type { Entry, FileEntry, Reader } from '@zip.js/zip.js';
import { UserError } from '../../base/errors.ts';
import type { Problem } from '../dataset.ts';
import type { FileSource, SourceFile } from '../file-source.ts';
import { commonRoot, isLeftover, safePath } from './source-paths.ts';

// Entries are inflated where the engine already is: inside a worker. Nested workers of a library would break the
// content security policy (they start from blob: URLs).
configure({ useWebWorkers: false });

/** Nothing that a data set holds compresses better than this; deflate's own limit is 1032. */
const MAX_RATIO = 200;
/** Below this size an entry may compress as it likes (an empty mask, a list of zeros). */
const RATIO_FREE_BYTES = 16 * 2 ** 20;
/** Above this size in one piece a file cannot be held in memory anyway. */
const MAX_ENTRY_BYTES = 2 ** 31 - 1;

/** What an archive is read from: a File in the browser, bytes in tests, a random access reader in Node. */
export type ZipInput = Blob | Uint8Array | Reader<unknown>;

function openReader(input: ZipInput): Reader<unknown> {
  if (input instanceof Blob) return new BlobReader(input);
  return input instanceof Uint8Array ? new Uint8ArrayReader(input) : input;
}

function checkSizes(name: string, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const { compressedSize, uncompressedSize } = entry;
    const ratio = uncompressedSize / Math.max(compressedSize, 1);
    if (
      (uncompressedSize > RATIO_FREE_BYTES && ratio > MAX_RATIO) ||
      uncompressedSize > MAX_ENTRY_BYTES
    ) {
      throw new UserError({
        code: 'zip-bomb',
        what: `The archive was refused: ${entry.filename} unpacks from ${compressedSize} to ${uncompressedSize} bytes.`,
        why: 'No image or label compresses like that; such archives are made to fill the memory.',
        action: 'Unpack it yourself if you trust it, and open the folder.',
        place: { file: name },
      });
    }
  }
}

/** Inflates an entry, up to `maxBytes`; never more than the directory of the archive promised. */
async function inflate(
  entry: FileEntry,
  path: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const size = Math.min(entry.uncompressedSize, maxBytes);
  const out = new Uint8Array(size);
  const stop = new AbortController();
  let filled = 0;
  let overflow = false;
  const writable = new WritableStream<Uint8Array>({
    write(chunk) {
      const room = size - filled;
      out.set(chunk.subarray(0, room), filled);
      filled += Math.min(room, chunk.length);
      overflow ||= chunk.length > room;
      if (filled === size && size < entry.uncompressedSize) stop.abort();
    },
  });
  try {
    await entry.getData(writable, {
      signal: stop.signal,
      checkCrc32: size === entry.uncompressedSize,
    });
  } catch (cause) {
    if (!stop.signal.aborted) throw unreadable(path, String(cause), cause);
  }
  if (overflow && size === entry.uncompressedSize)
    throw unreadable(path, 'it unpacks to more than the archive says');
  if (filled < size) throw unreadable(path, `only ${filled} of ${size} bytes could be unpacked`);
  return out;
}

function unreadable(path: string, why: string, cause?: unknown): UserError {
  return new UserError(
    {
      code: 'zip-entry-unreadable',
      what: 'The file could not be unpacked from the archive.',
      why: `${why}.`,
      action: 'Check the archive (zip -T), or unpack it and open the folder.',
      place: { file: path },
    },
    { cause },
  );
}

function listEntries(entries: readonly Entry[]): {
  files: { path: string; entry: FileEntry }[];
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const files: { path: string; entry: FileEntry }[] = [];
  const drop = (file: string, code: string, detail: string): void => {
    problems.push({ code, severity: 'warning', file, detail, repair: 'The entry was left out.' });
  };
  for (const entry of entries) {
    if (entry.directory) continue;
    const path = safePath(entry.filename);
    if (path === undefined)
      drop(
        entry.filename,
        'zip-path-unsafe',
        `The name ${JSON.stringify(entry.filename)} leads out of the archive.`,
      );
    else if (isLeftover(path)) continue;
    else if (entry.encrypted) drop(path, 'zip-entry-encrypted', 'The entry is encrypted.');
    else if (seen.has(path))
      drop(
        path,
        'zip-path-duplicate',
        'The archive holds two entries of this name; the first counts.',
      );
    else {
      seen.add(path);
      files.push({ path, entry });
    }
  }
  return { files, problems };
}

/**
 * A zip archive as a source, by random access: only its directory is read here, entries when they are asked for.
 *
 * Throws UserError `zip-unreadable` (no directory, truncated), `zip-bomb` (an entry of more than 16 MiB that compresses
 * more than 200-fold). Names that climb out, encrypted and doubled entries are left out, each with a Problem.
 */
export async function zipSource(name: string, input: ZipInput): Promise<FileSource> {
  const reader = new ZipReader(openReader(input), {
    strictness: 'tolerant',
    filenameValidation: 'tolerant',
  });
  let entries: Entry[];
  try {
    entries = await reader.getEntries();
  } catch (cause) {
    throw new UserError(
      {
        code: 'zip-unreadable',
        what: 'The archive could not be opened.',
        why: `It is no zip file, or it was cut short: ${cause instanceof Error ? cause.message : String(cause)}.`,
        action: 'Download or pack it again, or unpack it and open the folder.',
        place: { file: name },
      },
      { cause },
    );
  }
  checkSizes(name, entries);
  const { files, problems } = listEntries(entries);
  const root = commonRoot(files.map((file) => file.path));
  return {
    name: name.replace(/\.zip$/i, ''),
    problems,
    files: files.map(({ path, entry }): SourceFile => {
      const inside = path.slice(root.length);
      return {
        path: inside,
        size: entry.uncompressedSize,
        bytes: () => inflate(entry, inside, Infinity),
        head: (maxBytes) => inflate(entry, inside, maxBytes),
      };
    }),
    dispose: () => void reader.close(),
  };
}
