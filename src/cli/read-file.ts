import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UserError } from '../base/errors.ts';

/** Bytes of a file that the user named. Rejects with a UserError that names it. */
export async function readUserFile(path: string, cwd: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(resolve(cwd, path)));
  } catch (cause) {
    throw new UserError(
      {
        code: 'file-unreadable',
        what: 'The file could not be read.',
        why: cause instanceof Error ? `${cause.message}.` : String(cause),
        action: 'Check its path.',
        place: { file: path },
      },
      { cause },
    );
  }
}
