import { UserError } from '../../base/errors.ts';

/** A file with its path inside what was dropped, forward slashes, the top folder's own name left out. */
export interface FoundFile {
  readonly path: string;
  readonly file: File;
}

export interface Found {
  /** Name of the folder, or of the first file. */
  readonly name: string;
  readonly files: readonly FoundFile[];
  /** A folder was among what was dropped. */
  readonly hasFolder: boolean;
}

export interface ListOptions {
  /** Called now and then with the number of files so far. */
  readonly onCount: (files: number) => void;
  readonly signal: AbortSignal;
}

/** Folders of other tools, which never hold data but may hold a hundred thousand files. */
const SKIPPED_FOLDERS = new Set(['.git', '.svn', 'node_modules', '__MACOSX']);

/** One thing that was dropped, behind whichever interface this browser has. */
type Root = FileSystemHandle | FileSystemEntry | File;

/**
 * Takes hold of what was dropped. Must be called inside the `drop` event, before any await: the browser empties the
 * transfer afterwards.
 */
export function takeDrop(transfer: DataTransfer): readonly Promise<Root | null>[] {
  return Array.from(transfer.items)
    .filter(({ kind }) => kind === 'file')
    .map((item) => {
      const entry = item.webkitGetAsEntry();
      const file = item.getAsFile();
      if (!('getAsFileSystemHandle' in item) || typeof item.getAsFileSystemHandle !== 'function') {
        return Promise.resolve(entry ?? file);
      }
      const handle: Promise<Root | null> = item.getAsFileSystemHandle();
      // Some sandboxes offer the method and refuse it; the entry then still works.
      return handle.then(
        (got) => got ?? entry ?? file,
        () => entry ?? file,
      );
    });
}

/** Lists everything that was dropped, folders to the bottom. Rejects with a UserError when a folder cannot be read. */
export async function listDrop(
  taken: readonly Promise<Root | null>[],
  options: ListOptions,
): Promise<Found> {
  const roots = (await Promise.all(taken)).filter((root) => root !== null);
  const walk = new Walk(options);
  const folders = roots.filter(isFolder);
  for (const root of roots) {
    // One folder: its files are named from inside it. Several things: the folders' names keep them apart.
    const prefix = isFolder(root) && roots.length > 1 ? `${root.name}/` : '';
    await walk.enter(root, prefix);
  }
  return {
    name: (folders[0] ?? roots[0])?.name ?? '',
    files: walk.files,
    hasFolder: folders.length > 0,
  };
}

/** Lists a folder chosen with `showDirectoryPicker`. */
export async function listDirectory(
  handle: FileSystemDirectoryHandle,
  options: ListOptions,
): Promise<Found> {
  const walk = new Walk(options);
  await walk.enter(handle, '');
  return { name: handle.name, files: walk.files, hasFolder: true };
}

/** The files of an `<input webkitdirectory>` or of a plain file input. */
export function listInput(files: FileList | readonly File[]): Found {
  const list = Array.from(files);
  const first = list[0];
  const hasFolder = (first?.webkitRelativePath ?? '') !== '';
  return {
    name: hasFolder ? (first?.webkitRelativePath.split('/')[0] ?? '') : (first?.name ?? ''),
    files: list.map((file) => ({
      path: hasFolder ? file.webkitRelativePath.split('/').slice(1).join('/') : file.name,
      file,
    })),
    hasFolder,
  };
}

function isFolder(root: Root): boolean {
  if (root instanceof File) return false;
  return 'isDirectory' in root ? root.isDirectory : root.kind === 'directory';
}

class Walk {
  readonly files: FoundFile[] = [];
  readonly #options: ListOptions;
  #told = 0;

  constructor(options: ListOptions) {
    this.#options = options;
  }

  async enter(root: Root, prefix: string): Promise<void> {
    this.#options.signal.throwIfAborted();
    try {
      if (root instanceof File) this.#add(prefix + root.name, root);
      else if ('isDirectory' in root) await this.#enterEntry(root, prefix);
      else await this.#enterHandle(root, prefix);
    } catch (error) {
      if (this.#options.signal.aborted || error instanceof UserError) throw error;
      throw unreadable(prefix + root.name, error);
    }
  }

  async #enterHandle(handle: FileSystemHandle, prefix: string): Promise<void> {
    if (isFileHandle(handle)) {
      this.#add(prefix + handle.name, await handle.getFile());
      return;
    }
    if (!isDirectoryHandle(handle)) return;
    const files: FileSystemFileHandle[] = [];
    for await (const child of handle.values()) {
      this.#options.signal.throwIfAborted();
      if (isFileHandle(child)) files.push(child);
      else if (!SKIPPED_FOLDERS.has(child.name)) await this.enter(child, `${prefix}${child.name}/`);
    }
    // Each getFile is a trip to the browser process: some at once, but not a hundred thousand.
    for (let start = 0; start < files.length; start += 64) {
      this.#options.signal.throwIfAborted();
      const some = files.slice(start, start + 64);
      const got = await Promise.all(some.map((file) => this.#fileOf(file, prefix)));
      for (const file of got) this.#add(prefix + file.name, file);
    }
  }

  async #fileOf(handle: FileSystemFileHandle, prefix: string): Promise<File> {
    try {
      return await handle.getFile();
    } catch (error) {
      throw unreadable(prefix + handle.name, error);
    }
  }

  async #enterEntry(entry: FileSystemEntry, prefix: string): Promise<void> {
    if (isFileEntry(entry)) {
      const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
      this.#add(prefix + entry.name, file);
      return;
    }
    if (!isDirectoryEntry(entry)) return;
    const reader = entry.createReader();
    for (;;) {
      // readEntries gives a hundred at a time in Chromium; only an empty answer is the end.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return;
      for (const child of some) {
        if (child.isFile) await this.enter(child, prefix);
        else if (!SKIPPED_FOLDERS.has(child.name))
          await this.enter(child, `${prefix}${child.name}/`);
      }
    }
  }

  #add(path: string, file: File): void {
    this.files.push({ path, file });
    if (this.files.length - this.#told < 100 && this.files.length > 1) return;
    this.#told = this.files.length;
    this.#options.onCount(this.files.length);
  }
}

function unreadable(path: string, cause: unknown): UserError {
  return new UserError(
    {
      code: 'drop-unreadable',
      what: 'A dropped file or folder could not be read.',
      why: cause instanceof Error ? cause.message : String(cause),
      action: 'Check that it still exists and that the browser may read it, then drop it again.',
      place: { file: path },
    },
    { cause },
  );
}

function isFileHandle(handle: FileSystemHandle): handle is FileSystemFileHandle {
  return handle.kind === 'file';
}

function isDirectoryHandle(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory';
}

function isFileEntry(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectoryEntry(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}
