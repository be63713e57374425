import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineClient, Picture } from '../../worker/protocol.ts';
import { ImageIndex } from './image-index.ts';
import { PictureCache } from './picture-cache.ts';

interface Asked {
  readonly index: number;
  answer(side?: number): Picture;
  refuse(): void;
}

let asked: Asked[];
let client: EngineClient;

beforeEach(() => {
  asked = [];
  client = {
    call: ((_command: string, { index }: { index: number }) =>
      new Promise<Picture>((resolve, reject) => {
        asked.push({
          index,
          answer: (side = 64) => {
            const picture = {
              bitmap: { width: side, height: side, close: vi.fn() },
              width: side,
              height: side,
            };
            resolve(picture as never);
            return picture as never;
          },
          refuse: () => reject(new Error('broken')),
        });
      })) as never,
    on: () => () => undefined,
    dispose: () => undefined,
  };
});

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe('pictures', () => {
  it('asks for a picture once, however many watch it, and tells all', async () => {
    const cache = new PictureCache(client);
    const heard = [vi.fn(), vi.fn()];
    for (const listener of heard) cache.watch(1, 256, listener);
    expect(asked.length).toBe(1);
    asked[0]?.answer();
    await turn();
    for (const listener of heard) expect(listener).toHaveBeenCalledOnce();
    expect(cache.peek(1, 256).status).toBe('ready');
    expect(cache.peek(1, 512).status).toBe('loading');
  });

  it('serves the newest wish first and drops those that nobody watches any more', async () => {
    const cache = new PictureCache(client);
    const stops = Array.from({ length: 10 }, (_, index) =>
      cache.watch(index, 256, () => undefined),
    );
    const first = asked.map(({ index }) => index);
    expect(first.length).toBeLessThan(10);
    for (const stop of stops.slice(0, 9)) stop();
    for (const { answer } of asked) answer();
    await turn();
    expect(asked.slice(first.length).map(({ index }) => index)).toEqual([9]);
    asked.at(-1)?.answer();
    await turn();
    expect(cache.pending).toBe(0);
  });

  it('a refused picture is told with its reason', async () => {
    const cache = new PictureCache(client);
    cache.watch(1, 256, () => undefined);
    asked[0]?.refuse();
    await turn();
    expect(cache.peek(1, 256)).toMatchObject({ status: 'failed', error: { what: 'broken' } });
  });

  it('closes what it gives up: old pictures over the budget, and late answers of an earlier dataset', async () => {
    const cache = new PictureCache(client);
    const pictures: Picture[] = [];
    for (let index = 0; index < 4; index += 1) {
      const stop = cache.watch(index, 0, () => undefined);
      const picture = asked.at(-1)?.answer(4096);
      if (picture !== undefined) pictures.push(picture);
      await turn();
      stop();
    }
    // 64 MB each, 192 MB kept.
    expect(pictures.map(({ bitmap }) => vi.mocked(bitmap.close).mock.calls.length)).toEqual([
      1, 0, 0, 0,
    ]);
    cache.watch(9, 0, () => undefined);
    cache.clear();
    const late = asked.find(({ index }) => index === 9)?.answer();
    await turn();
    expect(late === undefined ? 0 : vi.mocked(late.bitmap.close).mock.calls.length).toBe(1);
    expect(pictures.every(({ bitmap }) => vi.mocked(bitmap.close).mock.calls.length === 1)).toBe(
      true,
    );
  });
});

describe('the list of images', () => {
  function image(index: number, path: string) {
    return { index, path, name: path.replace(/.*\/|\.\w+$/gu, '') };
  }

  function listing(
    pages: (split: string, offset: number, count: number) => unknown[],
  ): EngineClient {
    const call = (
      _: string,
      { split, offset, count }: { split: string; offset: number; count: number },
    ) => Promise.resolve({ images: pages(split, offset, count) });
    return { ...client, call: call as never };
  }

  it('comes page by page, in order', async () => {
    const index = new ImageIndex(
      listing((_, offset, count) =>
        Array.from({ length: count }, (__, i) => image(offset + i, `${offset + i}.jpg`)),
      ),
    );
    const sizes: number[] = [];
    index.subscribe(() => sizes.push(index.list.length));
    await index.load('train', 2500);
    expect(sizes).toEqual([0, 1000, 2000, 2500, 2500]);
    expect(index.list.map((one) => one.index)).toEqual(Array.from({ length: 2500 }, (_, i) => i));
    expect(index.loading).toBe(false);
  });

  it('says so when the engine has fewer than it promised, and ends', async () => {
    const index = new ImageIndex(listing((_, offset) => (offset === 0 ? [image(0, 'a.jpg')] : [])));
    await index.load('train', 5000);
    expect(index.error).toMatchObject({ code: 'image-list-short' });
    expect(index.loading).toBe(false);
  });

  it('finds the image of a label file by its stem, the exact path first', async () => {
    const all = [image(0, 'b/a.jpg'), image(1, 'JPEGImages/a.jpg'), image(2, 'c.tar.png')];
    const index = new ImageIndex(listing(() => all));
    await index.ensureAll(3);
    expect(index.findByFile('JPEGImages/a.jpg')?.index).toBe(1);
    expect(index.findByFile('Annotations/a.xml')?.index).toBe(0);
    expect(index.findByFile('Annotations/c.tar.xml')?.index).toBe(2);
    expect(index.findByFile('Annotations/none.xml')).toBeUndefined();
  });
});
