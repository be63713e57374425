import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Reader } from '@zip.js/zip.js';
import { UserError } from '../../base/errors.ts';
import type { FileSource, SourceFile } from '../file-source.ts';
import { commonRoot, isLeftover } from './source-paths.ts';
import { zipSource } from './zip-source.ts';

function unreadable(path: string, cause: unknown): UserError {
  return new UserError(
    {
      code: 'file-unreadable',
      what: 'The file could not be read.',
      why: cause instanceof Error ? `${cause.message}.` : String(cause),
      action: 'Check that it exists and may be read.',
      place: { file: path },
    },
    { cause },
  );
}

async function readPart(
  path: string,
  offset: number,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(path, 'r');
  try {
    const buffer = new Uint8Array(maxBytes);
    let filled = 0;
    while (filled < maxBytes) {
      const { bytesRead } = await handle.read(buffer, filled, maxBytes - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.slice(0, filled);
  } finally {
    await handle.close();
  }
}

/** Random access to a zip on disk, so that an archive of gigabytes is never read whole. */
class DiskReader extends Reader<string> {
  readonly #path: string;

  constructor(path: string, size: number) {
    super(path);
    this.#path = path;
    this.size = size;
  }

  override readUint8Array(index: number, length: number): Promise<Uint8Array> {
    return readPart(this.#path, index, Math.min(length, this.size - index));
  }
}

async function listFolder(root: string): Promise<string[]> {
  const paths: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    // Symbolic links are followed by readdir's caller only when they lead to files: a link to a folder may be a cycle.
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (isLeftover(path)) continue;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) paths.push(path);
      else if (
        entry.isSymbolicLink() &&
        (await stat(join(root, path)).catch(() => undefined))?.isFile() === true
      )
        paths.push(path);
    }
  };
  await walk('');
  return paths;
}

/** A folder or a `.zip` on disk as a source. Throws UserError when the path does not exist or is neither. */
export async function directorySource(path: string): Promise<FileSource> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new UserError(
      {
        code: 'data-path-missing',
        what: 'There is no such folder or file.',
        action: 'Check the path given as --data.',
        place: { file: path },
      },
      { cause },
    );
  });
  const name = basename(resolve(path));
  if (info.isFile()) return zipSource(name, new DiskReader(path, info.size));
  const paths = await listFolder(path);
  const root = commonRoot(paths);
  const files = paths.map((inner): SourceFile => {
    const [full, inside] = [join(path, inner), inner.slice(root.length)];
    return {
      path: inside,
      size: -1,
      bytes: async () => {
        try {
          return new Uint8Array(await readFile(full));
        } catch (cause) {
          throw unreadable(inside, cause);
        }
      },
      head: async (maxBytes) => {
        try {
          return await readPart(full, 0, maxBytes);
        } catch (cause) {
          throw unreadable(inside, cause);
        }
      },
    };
  });
  return { name, files, dispose: () => undefined };
}
