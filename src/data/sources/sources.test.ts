import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import type { FileSource } from '../file-source.ts';
import { browserFilesSource } from './browser-files-source.ts';
import { directorySource } from './directory-source.node.ts';
import { commonRoot, isLeftover, safePath, stemOf } from './source-paths.ts';
import { zipSource } from './zip-source.ts';

const CORRUPT = '../shared/corrupt/zip';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const paths = (source: FileSource): string[] => source.files.map(({ path }) => path).toSorted();

async function makeZip(
  entries: Record<string, Uint8Array>,
  level = 6,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), { level });
  for (const [name, bytes] of Object.entries(entries))
    await writer.add(name, new Uint8ArrayReader(bytes));
  return writer.close();
}

describe('paths', () => {
  it('refuses every way out, and mends the rest', () => {
    for (const name of [
      '',
      '/',
      '../a',
      'a/../../b',
      '/etc/passwd',
      '\\\\host\\share',
      'C:\\a',
      'c:a',
      'file:///a',
      'javascript:1',
      'a\0b',
      '..\\a',
      '.',
    ])
      expect(safePath(name), name).toBeUndefined();
    expect(safePath('./a//b/./c.jpg')).toBe('a/b/c.jpg');
    expect(safePath('a\\b.jpg')).toBe('a/b.jpg');
    expect(safePath('a..b/..c')).toBe('a..b/..c');
  });

  it('gives only paths that stay inside, whatever comes', () => {
    const piece = fc.constantFrom('..', '.', '', 'a', 'b.jpg', '\\', '/', 'C:', '%2e%2e', '...');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.constantFrom('/', '\\', ''),
        (pieces, joint) => {
          const safe = safePath(pieces.join(joint));
          if (safe === undefined) return;
          expect(safe.startsWith('/')).toBe(false);
          expect(safe.split('/')).not.toContain('..');
          expect(safePath(safe)).toBe(safe);
        },
      ),
    );
  });

  it('takes wrapper folders off, but no folder of a layout', () => {
    expect(commonRoot(['d/VOC/Annotations/a.xml', 'd/VOC/JPEGImages/a.jpg'])).toBe('d/VOC/');
    expect(commonRoot(['d/VOC/Annotations/a.xml', 'd/VOC/Annotations/b.xml'])).toBe('d/VOC/');
    expect(commonRoot(['set/train/1.jpg', 'set/train/_annotations.coco.json'])).toBe('set/');
    expect(commonRoot(['abc/1.jpg', 'ab/1.jpg'])).toBe('');
    expect(commonRoot(['a/b.jpg', 'a/b.jpg/c'])).toBe('a/');
    expect(commonRoot([])).toBe('');
  });

  it('knows leftovers and stems', () => {
    for (const path of ['__MACOSX/a.jpg', 'a/._b.jpg', '.DS_Store', 'x/Thumbs.db', '.git/config'])
      expect(isLeftover(path), path).toBe(true);
    for (const path of ['a/b.jpg', 'my.git/x', '_b.jpg', 'a._b.jpg'])
      expect(isLeftover(path), path).toBe(false);
    expect([stemOf('a/b.c.jpg'), stemOf('.hidden'), stemOf('plain')]).toEqual([
      'b.c',
      '.hidden',
      'plain',
    ]);
  });
});

describe('browserFilesSource', () => {
  it('lists, strips, and reads whole files and beginnings', async () => {
    const source = browserFilesSource('set', [
      { path: 'set/JPEGImages/1.jpg', file: new Blob(['0123456789']) },
      { path: 'set/.DS_Store', file: new Blob(['x']) },
      { path: 'set/../../out.jpg', file: new Blob(['x']) },
    ]);
    expect(paths(source)).toEqual(['JPEGImages/1.jpg']);
    expect(source.problems?.map(({ code }) => code)).toEqual(['path-unsafe']);
    const [file] = source.files;
    expect(new TextDecoder().decode(await file?.bytes())).toBe('0123456789');
    expect(new TextDecoder().decode(await file?.head?.(4))).toBe('0123');
    expect(file?.size).toBe(10);
  });

  it('names the file that can no longer be read', async () => {
    const gone = new Blob(['x']);
    gone.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotReadableError'));
    const source = browserFilesSource('set', [{ path: 'set/a.jpg', file: gone }]);
    await expect(source.files[0]?.bytes()).rejects.toThrow(/a\.jpg.*open the folder again/i);
  });
});

describe('zipSource', () => {
  it('gives back what was packed, whole and in part, stored and deflated', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 0, max: 6000 }),
        fc.constantFrom(0, 6),
        async (bytes, part, level) => {
          const source = await zipSource(
            'a.zip',
            await makeZip({ 'wrap/x/猫.bin': bytes, 'wrap/y.bin': text('y') }, level),
          );
          const file = source.files.find(({ path }) => path === 'x/猫.bin');
          expect(await file?.bytes()).toEqual(new Uint8Array(bytes));
          expect(await file?.head?.(part)).toEqual(new Uint8Array(bytes.subarray(0, part)));
          source.dispose();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('reads a Blob without holding it', async () => {
    const blob = new Blob([await makeZip({ 'a.txt': text('hello') })]);
    const source = await zipSource('a.zip', blob);
    expect(new TextDecoder().decode(await source.files[0]?.bytes())).toBe('hello');
  });

  it('refuses what unpacks out of proportion, whatever its size claims', async () => {
    await expect(
      zipSource('b.zip', await makeZip({ 'zeros.xml': new Uint8Array(20 * 2 ** 20) })),
    ).rejects.toMatchObject({ details: { code: 'zip-bomb' } });
  });

  it('does not give more than the directory promised', async () => {
    const zip = await makeZip({ 'a.txt': new Uint8Array(4000) });
    // The uncompressed size in the central directory (signature PK\1\2, field at 24) is made smaller
    const at = zip.findIndex(
      (_, i) => zip[i] === 0x50 && zip[i + 1] === 0x4b && zip[i + 2] === 1 && zip[i + 3] === 2,
    );
    new DataView(zip.buffer).setUint32(at + 24, 10, true);
    const source = await zipSource('lie.zip', zip);
    await expect(source.files[0]?.bytes()).rejects.toBeInstanceOf(UserError);
  });

  it('names the entry whose bytes were changed', async () => {
    const zip = await makeZip({ 'a.txt': text('some text that is stored as it is') }, 0);
    const at = new TextDecoder('latin1').decode(zip).indexOf('stored');
    zip[at] = 0x58;
    const source = await zipSource('c.zip', zip);
    await expect(source.files[0]?.bytes()).rejects.toThrow(/a\.txt/);
  });

  it.skipIf(!existsSync(CORRUPT))(
    'ends the archives of ../shared/corrupt/zip as their manifest says',
    async () => {
      const read = (name: string): Uint8Array => new Uint8Array(readFileSync(`${CORRUPT}/${name}`));
      const slip = await zipSource('zip_slip.zip', read('zip_slip.zip'));
      expect(paths(slip)).toEqual([
        'Annotations/back.xml',
        'Annotations/ok.xml',
        'Annotations/猫.xml',
      ]);
      expect(slip.problems).toHaveLength(3);
      await expect(zipSource('bomb.zip', read('zip_bomb_100MiB.zip'))).rejects.toMatchObject({
        details: { code: 'zip-bomb' },
      });
      await expect(zipSource('truncated.zip', read('truncated.zip'))).rejects.toMatchObject({
        details: { code: 'zip-unreadable' },
      });
    },
  );
});

describe('directorySource', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'anchorage-source-'));
    await mkdir(join(root, 'wrap/JPEGImages'), { recursive: true });
    await mkdir(join(root, 'wrap/Annotations'));
    await writeFile(join(root, 'wrap/JPEGImages/1.jpg'), '0123456789');
    await writeFile(join(root, 'wrap/Annotations/._1.xml'), 'x');
    await writeFile(join(root, 'wrap/Annotations/1.xml'), '<a/>');
    await symlink(join(root, 'wrap'), join(root, 'wrap/loop'));
    await symlink(join(root, 'wrap/JPEGImages/1.jpg'), join(root, 'wrap/JPEGImages/2.jpg'));
    await writeFile(
      join(root, 'set.zip'),
      await makeZip({ 'wrap/a.txt': text('hello'), 'wrap/b.txt': text('b') }),
    );
  });
  afterAll(() => rm(root, { recursive: true }));

  it('lists a folder without its wrapper, follows links to files but never to folders', async () => {
    const source = await directorySource(join(root, 'wrap'));
    expect(paths(source)).toEqual(['Annotations/1.xml', 'JPEGImages/1.jpg', 'JPEGImages/2.jpg']);
    const image = source.files.find(({ path }) => path === 'JPEGImages/1.jpg');
    expect((await image?.bytes())?.length).toBe(10);
    expect(new TextDecoder().decode(await image?.head?.(3))).toBe('012');
    expect((await image?.head?.(99))?.length).toBe(10);
  });

  it('reads a zip on disk by random access', async () => {
    const source = await directorySource(join(root, 'set.zip'));
    expect([source.name, ...paths(source)]).toEqual(['set', 'a.txt', 'b.txt']);
    expect(new TextDecoder().decode(await source.files[0]?.bytes())).toBe('hello');
    source.dispose();
  });

  it('says what is not there, and which file went away', async () => {
    await expect(directorySource(join(root, 'nothing'))).rejects.toMatchObject({
      details: { code: 'data-path-missing' },
    });
    const source = await directorySource(join(root, 'wrap'));
    await rm(join(root, 'wrap/Annotations/1.xml'));
    await expect(
      source.files.find(({ path }) => path === 'Annotations/1.xml')?.bytes(),
    ).rejects.toThrow(/Annotations\/1\.xml/);
  });
});
