import { describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import { listDirectory, listDrop, listInput } from './list-files.ts';

type Tree = { readonly [name: string]: Tree | 'file' };

function many(count: number): Tree {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.jpg`, 'file' as const]));
}

/** The older interface: `readEntries` gives at most 100 at a time, then an empty list. */
function entry(name: string, node: Tree | 'file'): FileSystemEntry {
  if (node === 'file') {
    return {
      name,
      isFile: true,
      isDirectory: false,
      file: (ok: (file: File) => void) => ok(new File([], name)),
    } as never;
  }
  const children = Object.entries(node).map(([child, below]) => entry(child, below));
  let at = 0;
  const readEntries = (ok: (some: FileSystemEntry[]) => void): void => {
    ok(children.slice(at, at + 100));
    at += 100;
  };
  return { name, isFile: false, isDirectory: true, createReader: () => ({ readEntries }) } as never;
}

/** The newer interface. */
function handle(name: string, node: Tree | 'file'): FileSystemHandle {
  if (node === 'file')
    return { name, kind: 'file', getFile: () => Promise.resolve(new File([], name)) } as never;
  const values = async function* () {
    for (const [child, below] of Object.entries(node)) yield handle(child, below);
  };
  return { name, kind: 'directory', values } as never;
}

function options(counts: number[] = []) {
  return { onCount: (files: number) => counts.push(files), signal: new AbortController().signal };
}

const VOC: Tree = {
  Annotations: { 'a.xml': 'file', 'b.xml': 'file' },
  JPEGImages: { 'a.jpg': 'file' },
  '.git': { objects: { x: 'file' } },
  'readme.txt': 'file',
};
const VOC_PATHS = ['Annotations/a.xml', 'Annotations/b.xml', 'JPEGImages/a.jpg', 'readme.txt'];

describe.each([
  ['entries', entry],
  ['handles', handle],
] as const)('a dropped folder by %s', (_, make) => {
  it('is listed to the bottom, with paths from inside it, tool folders left out', async () => {
    const found = await listDrop([Promise.resolve(make('VOC2012', VOC))], options());
    expect(found.name).toBe('VOC2012');
    expect(found.hasFolder).toBe(true);
    expect(found.files.map(({ path }) => path).sort()).toEqual(VOC_PATHS);
  });

  it('is listed whole when it is larger than one batch, and counts on the way', async () => {
    const counts: number[] = [];
    const found = await listDrop(
      [Promise.resolve(make('big', { images: many(1234) }))],
      options(counts),
    );
    expect(found.files.length).toBe(1234);
    expect(new Set(found.files.map(({ path }) => path)).size).toBe(1234);
    expect(counts.length).toBeGreaterThan(5);
    expect([...counts].sort((a, b) => a - b)).toEqual(counts);
  });

  it('keeps folders apart when several are dropped', async () => {
    const roots = [
      make('a', { 'x.jpg': 'file' }),
      make('b', { 'x.jpg': 'file' }),
      make('c.json', 'file'),
    ];
    const found = await listDrop(
      roots.map((root) => Promise.resolve(root)),
      options(),
    );
    expect(found.files.map(({ path }) => path)).toEqual(['a/x.jpg', 'b/x.jpg', 'c.json']);
  });

  it('stops when it is cancelled', async () => {
    const controller = new AbortController();
    const list = listDrop([Promise.resolve(make('big', { images: many(500) }))], {
      onCount: (files) => {
        if (files >= 100) controller.abort();
      },
      signal: controller.signal,
    });
    // Entries are added a batch at a time: the folder after the abort is never entered.
    await expect(
      list.then(() =>
        listDrop([Promise.resolve(make('next', VOC))], {
          onCount: () => undefined,
          signal: controller.signal,
        }),
      ),
    ).rejects.toThrow();
  });
});

it('names the file that could not be read', async () => {
  const broken = {
    name: 'gone.jpg',
    kind: 'file',
    getFile: () =>
      Promise.reject(new DOMException('A requested file could not be found', 'NotFoundError')),
  } as never as FileSystemHandle;
  const folder = {
    name: 'set',
    kind: 'directory',
    values: async function* () {
      yield broken;
    },
  } as never;
  const failure = await listDirectory(folder, options()).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  expect(failure).toMatchObject({
    details: { code: 'drop-unreadable', place: { file: 'gone.jpg' } },
  });
});

it('a webkitdirectory input gives paths without the folder’s own name', () => {
  const file = new File([], 'a.xml');
  Object.defineProperty(file, 'webkitRelativePath', { value: 'VOC2012/Annotations/a.xml' });
  expect(listInput([file])).toMatchObject({
    name: 'VOC2012',
    hasFolder: true,
    files: [{ path: 'Annotations/a.xml' }],
  });
  expect(listInput([new File([], 'x.zip')])).toMatchObject({ name: 'x.zip', hasFolder: false });
});
