import { UserError } from '../../base/errors.ts';
import type { Problem } from '../dataset.ts';
import type { FileSource, SourceFile } from '../file-source.ts';
import { commonRoot, isLeftover, safePath } from './source-paths.ts';

/** One file of a dropped folder. `path` may be `webkitRelativePath` or a path put together from directory entries. */
export interface NamedFile {
  readonly path: string;
  readonly file: Blob;
}

async function readBlob(blob: Blob, path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new UserError(
      {
        code: 'file-unreadable',
        what: 'The file could not be read.',
        why: 'It was changed, moved or deleted after the folder was opened, or the browser lost the permission.',
        action: 'Open the folder again.',
        place: { file: path },
      },
      { cause },
    );
  }
}

/** The files as a source: leftovers of operating systems left out, the folder that all share taken off the paths. */
export function browserFilesSource(name: string, files: readonly NamedFile[]): FileSource {
  const problems: Problem[] = [];
  const listed = files.flatMap(({ path, file }) => {
    const safe = safePath(path.replace(/^\/+/, ''));
    if (safe === undefined) {
      problems.push({
        code: 'path-unsafe',
        severity: 'warning',
        file: path,
        detail: `The name ${JSON.stringify(path)} leads out of the folder.`,
        repair: 'The file was left out.',
      });
      return [];
    }
    return isLeftover(safe) ? [] : [{ path: safe, file }];
  });
  const root = commonRoot(listed.map((entry) => entry.path));
  const sourceFiles = listed.map(({ path, file }): SourceFile => {
    const inside = path.slice(root.length);
    return {
      path: inside,
      size: file.size,
      bytes: () => readBlob(file, inside),
      head: (maxBytes) => readBlob(file.slice(0, maxBytes), inside),
    };
  });
  return { name, files: sourceFiles, problems, dispose: () => undefined };
}
