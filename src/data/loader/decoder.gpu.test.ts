/** Decoding in a real browser: the same pictures, the same refusals and the same damage as in Node. */
import { commands } from 'vitest/browser';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import { createDecodePool } from './decode-pool.browser.ts';
import { createBrowserDecoder } from './decoder.browser.ts';
import { checksumsOf, HEAVY_CHECKSUMS, HEAVY_JOB } from './fake-images.ts';
import { resizeBySpec } from './resizing-decoder.ts';

const DIR = '../shared/corrupt';

interface Case {
  file: string;
  kind: string;
  expect: 'accept' | 'repair' | 'reject';
  size?: [number, number];
  displayed_size?: [number, number];
}

async function read(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const base64 = await commands.readFile(path, 'base64');
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch (error) {
    if (String(error).includes('ENOENT')) return undefined;
    throw error;
  }
}

async function readImage(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await read(`${DIR}/${file}`);
  if (bytes === undefined) throw new Error(`${file} is listed but absent`);
  return bytes;
}

const manifest = await read(`${DIR}/manifest.json`);
const cases: Case[] = manifest === undefined ? [] : JSON.parse(new TextDecoder().decode(manifest));
const images = cases.filter(({ kind }) => kind === 'img');
const decoder = createBrowserDecoder();

/** RGBA pixels as a PNG, by the browser itself, without premultiplication: stored blocks, written here. */
async function pngOf(
  width: number,
  height: number,
  rgba: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const { crc32 } = await import('./image-damage.ts');
  const rows = new Uint8Array(height * (4 * width + 1));
  for (let y = 0; y < height; y++)
    rows.set(rgba.subarray(4 * width * y, 4 * width * (y + 1)), y * (4 * width + 1) + 1);
  const stream = new Blob([rows]).stream().pipeThrough(new CompressionStream('deflate'));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const chunk = (type: string, data: Uint8Array): number[] => {
    const body = Uint8Array.from([...new TextEncoder().encode(type), ...data]);
    const number = (v: number): number[] => [v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255];
    return [...number(data.length), ...body, ...number(crc32(body))];
  };
  const header = Uint8Array.of(0, 0, 0, width, 0, 0, 0, height, 8, 6, 0, 0, 0);
  return Uint8Array.from([
    0x89,
    0x50,
    0x4e,
    0x47,
    13,
    10,
    26,
    10,
    ...chunk('IHDR', header),
    ...chunk('IDAT', packed),
    ...chunk('IEND', new Uint8Array()),
  ]);
}

describe.skipIf(images.length === 0)('../shared/corrupt/img in the browser', () => {
  it.each(images.filter((entry) => entry.expect === 'accept'))(
    'accepts $file',
    async ({ file, size, displayed_size }) => {
      const { width, height, data, damage } = await decoder.decode(await readImage(file), file);
      expect([width, height]).toEqual(displayed_size ?? size);
      expect(data).toHaveLength(3 * width * height);
      expect(damage).toBeUndefined();
    },
  );

  it.each(images.filter((entry) => entry.expect === 'repair'))(
    'decodes $file in part or refuses it, and says what is wrong',
    async ({ file }) => {
      const result = await decoder
        .decode(await readImage(file), file)
        .catch((error: unknown) => error);
      if (result instanceof UserError)
        expect(result.details).toMatchObject({ code: 'image-unreadable', place: { file } });
      else expect(result).toMatchObject({ damage: expect.stringMatching(/.{20}/) });
    },
  );

  it.each(images.filter((entry) => entry.expect === 'reject'))(
    'refuses $file',
    async ({ file }) => {
      await expect(decoder.decode(await readImage(file), file)).rejects.toBeInstanceOf(UserError);
    },
  );

  it('mends a JPEG that was cut short: the upper part is that of the whole', async () => {
    const [whole, cut] = [
      await decoder.decode(await readImage('img/good.jpg'), ''),
      await decoder.decode(await readImage('img/truncated_95.jpg'), ''),
    ];
    expect(cut.damage).toMatch(/cut short/);
    expect(cut.data.subarray(0, 3 * 320 * 100)).toEqual(whole.data.subarray(0, 3 * 320 * 100));
  });
});

describe('createBrowserDecoder', () => {
  it('reads a PNG whose checksums are wrong, and refuses one that was cut short', async () => {
    const png = await pngOf(2, 1, Uint8Array.of(1, 2, 3, 255, 4, 5, 6, 255));
    const changed = png.slice();
    const at = changed.length - 14;
    changed[at] = (changed[at] ?? 0) ^ 1;
    const { data, damage } = await decoder.decode(changed, 'crc.png');
    expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(damage).toMatch(/checksum of a IDAT block/);
    await expect(decoder.decode(png.slice(0, at - 8), 'cut.png')).rejects.toThrow(
      /cut\.png.*cut short/,
    );
  });
});

describe('createBrowserDecoder and transparency', () => {
  it('drops alpha without blending or multiplying', async () => {
    const png = await pngOf(3, 1, Uint8Array.of(200, 100, 50, 0, 10, 20, 30, 128, 7, 8, 9, 255));
    const { data, damage } = await decoder.decode(png, 'alpha.png');
    expect([...data]).toEqual([200, 100, 50, 10, 20, 30, 7, 8, 9]);
    expect(damage).toBeUndefined();
  });
});

describe('createDecodePool', () => {
  const pool = createDecodePool(2);
  afterAll(() => pool.dispose());

  it('decodes and resizes as this thread does, each answer to its own question', async () => {
    const side = (i: number): number => 8 + (i % 9);
    const pngs = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        pngOf(
          side(i),
          10,
          Uint8Array.from({ length: 40 * side(i) }, (_v, k) =>
            k % 4 === 3 ? 255 : (k * 7 + i * 31) & 255,
          ),
        ),
      ),
    );
    const spec = { scale: [6, 6] as const, keepRatio: true };
    const expected = await Promise.all(
      pngs.map(async (png) => resizeBySpec(await decoder.decode(png.slice(), ''), spec)),
    );
    const resized = await Promise.all(pngs.map((png) => pool.decodeResized(png.slice(), '', spec)));
    expect(resized).toEqual(expected);
    expect((await pool.decode(pngs[3]?.slice() ?? new Uint8Array(), '')).width).toBe(side(3));
  });

  it('runs the steps of a pipeline to the same bytes as Node, and leaves the job alone', async () => {
    const sample = await pool.transform(HEAVY_JOB);
    expect(sample && checksumsOf(sample)).toEqual(HEAVY_CHECKSUMS);
    expect(HEAVY_JOB.sample.image.data).toHaveLength(3 * 40 * 30);
    const crop: StepOf<'RandomCrop'> = {
      type: 'RandomCrop',
      crop_size: [1, 1],
      crop_type: 'absolute',
      allow_negative_crop: false,
      recompute_bbox: false,
      bbox_clip_border: true,
    };
    const empty = { ...HEAVY_JOB.sample, boxes: new Float32Array(), labels: new Int32Array() };
    const job = { ...HEAVY_JOB, sample: { ...empty, ignoreFlags: new Uint8Array() } };
    const dropping = { ...job, steps: [crop], mixed: [[]] };
    expect(await pool.transform(dropping)).toBeUndefined();
  });

  it('brings errors across the thread as they are', async () => {
    const error: unknown = await pool
      .decode(Uint8Array.of(1, 2, 3), 'noise.jpg')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    if (error instanceof UserError)
      expect(error.details).toMatchObject({
        code: 'image-unreadable',
        place: { file: 'noise.jpg' },
      });
  });

  it('rejects what is under way when it is closed', async () => {
    const other = createDecodePool(1);
    const waiting = [1, 2, 3, 4].map(() => other.decode(new Uint8Array(20), 'x'));
    other.dispose();
    for (const result of await Promise.allSettled(waiting)) expect(result.status).toBe('rejected');
  });
});
