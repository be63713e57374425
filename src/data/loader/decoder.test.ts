import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import sharp, { type JpegOptions } from 'sharp';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import { createNodeDecoder } from './decoder.node.ts';
import { crc32, findImageDamage } from './image-damage.ts';
import { readImageHeader, shownSize } from './image-header.ts';
import { jpegCodesComeOutEven } from './jpeg-scan.ts';

const DIR = '../shared/corrupt';

interface Case {
  file: string;
  kind: string;
  expect: 'accept' | 'repair' | 'reject';
  size?: [number, number];
  displayed_size?: [number, number];
}

const present = existsSync(`${DIR}/manifest.json`);
const manifest: Case[] = present ? JSON.parse(readFileSync(`${DIR}/manifest.json`, 'utf8')) : [];
const images = manifest.filter(({ kind }) => kind === 'img');
const read = (file: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(`${DIR}/${file}`));
const decoder = createNodeDecoder();

/** A photograph-like picture: gradients and noise, so that JPEG has something to code. */
function pixels(width: number, height: number): Buffer {
  return Buffer.from(
    Uint8Array.from({ length: 3 * width * height }, (_, i) => (((i * 37) % 251) ^ (i >> 6)) & 255),
  );
}

async function jpeg(
  width: number,
  height: number,
  options: JpegOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await sharp(pixels(width, height), { raw: { width, height, channels: 3 } })
      .jpeg(options)
      .toBuffer(),
  );
}

describe.skipIf(!present)('../shared/corrupt/img', () => {
  it('lists cases', () => {
    expect(images.length).toBeGreaterThan(20);
  });

  it.each(images.filter((entry) => entry.expect === 'accept'))(
    'accepts $file',
    async ({ file, size, displayed_size }) => {
      const { width, height, data, damage } = await decoder.decode(read(file), file);
      expect([width, height]).toEqual(displayed_size ?? size);
      expect(data).toHaveLength(3 * width * height);
      expect(damage).toBeUndefined();
    },
  );

  it.each(images.filter((entry) => entry.expect === 'repair'))(
    'decodes $file in part, and says what is wrong',
    async ({ file }) => {
      const { damage, data } = await decoder.decode(read(file), file);
      expect(damage?.length).toBeGreaterThan(20);
      expect(new Set(data).size).toBeGreaterThan(20);
    },
  );

  it.each(images.filter((entry) => entry.expect === 'reject'))(
    'refuses $file before decoding',
    async ({ file }) => {
      const error: unknown = await decoder
        .decode(read(file), file)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UserError);
      if (error instanceof UserError) expect(error.details.place?.file).toBe(file);
    },
  );

  it('turns by EXIF: orientation 3 is the half turn of the stored picture', async () => {
    const [stored, turned] = [
      await decoder.decode(read('img/good.jpg'), ''),
      await decoder.decode(read('img/exif_orientation_3.jpg'), ''),
    ];
    const last = stored.data.length - 3;
    expect([...turned.data.subarray(0, 3)]).toEqual([...stored.data.subarray(last, last + 3)]);
  });

  it('makes three equal channels of grey', async () => {
    for (const file of ['img/gray.jpg', 'img/gray16.png']) {
      const { data } = await decoder.decode(read(file), file);
      expect(data.every((value, i) => value === data[i - (i % 3)])).toBe(true);
    }
  });
});

describe('createNodeDecoder', () => {
  it('drops alpha without blending or multiplying', async () => {
    const rgba = Buffer.from([200, 100, 50, 0, 10, 20, 30, 128]);
    const png = await sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    const { data } = await decoder.decode(new Uint8Array(png), 'a.png');
    expect([...data]).toEqual([200, 100, 50, 10, 20, 30]);
  });

  it('keeps the numbers of an image with a colour profile, as cv2 does', async () => {
    const png = await sharp(Buffer.from([200, 100, 50]), {
      raw: { width: 1, height: 1, channels: 3 },
    })
      .withIccProfile('p3', { attach: true })
      .png()
      .toBuffer();
    const plain = await sharp(png, { ignoreIcc: true }).raw().toBuffer();
    const { data } = await decoder.decode(new Uint8Array(png), 'a.png');
    expect([...data]).toEqual([...plain]);
  });
});

describe('readImageHeader', () => {
  it('gives the sizes of every format sharp writes', async () => {
    const side = fc.integer({ min: 1, max: 90 });
    await fc.assert(
      fc.asyncProperty(
        side,
        side,
        fc.constantFrom('jpeg', 'png', 'webp', 'gif', 'avif'),
        fc.boolean(),
        async (width, height, format, lossless) => {
          const raw = sharp(pixels(width, height), { raw: { width, height, channels: 3 } });
          const options = format === 'webp' ? { lossless } : format === 'avif' ? { effort: 0 } : {};
          const bytes = new Uint8Array(await raw.toFormat(format, options).toBuffer());
          expect(readImageHeader(bytes)).toEqual({ format, width, height, orientation: 1 });
          expect(findImageDamage(bytes, { format, width, height, orientation: 1 })).toBeUndefined();
        },
      ),
      { numRuns: 40 },
    );
  }, 120_000);

  it('reads the orientation that sharp wrote, and the decoder turns by it', async () => {
    const flat = sharp(pixels(20, 10), { raw: { width: 20, height: 10, channels: 3 } });
    for (const format of ['jpeg', 'png'] as const) {
      for (let orientation = 1; orientation <= 8; orientation++) {
        const written = flat.clone().withMetadata({ orientation }).toFormat(format);
        const bytes = new Uint8Array(await written.toBuffer());
        const header = readImageHeader(bytes);
        expect(header).toEqual({ format, width: 20, height: 10, orientation });
        if (header !== undefined) expect(shownSize(header).width).toBe(orientation >= 5 ? 10 : 20);
        const { data, info } = await sharp(bytes)
          .rotate()
          .raw()
          .toBuffer({ resolveWithObject: true });
        const decoded = await decoder.decode(bytes, 'x');
        expect([decoded.width, decoded.height]).toEqual([info.width, info.height]);
        expect([...decoded.data], `${format} ${orientation}`).toEqual([...data]);
      }
    }
  });

  it('answers undefined to noise and to beginnings, and never throws', async () => {
    const whole = await jpeg(30, 20);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 0, max: 40 }),
        fc.constantFrom(
          [0xff, 0xd8],
          [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
          [0x42, 0x4d],
          [0x52, 0x49, 0x46, 0x46],
        ),
        (noise, cut, magic) => {
          const header = readImageHeader(Uint8Array.from([...magic, ...noise]));
          if (header !== undefined) expect(header.width > 0 && header.height > 0).toBe(true);
          readImageHeader(whole.subarray(0, cut));
        },
      ),
    );
  });
});

describe('damage', () => {
  it('knows the CRC-32 of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('finds sound JPEGs sound: subsampling, grey, restart markers, one colour, progressive', async () => {
    for (const options of [
      {},
      { chromaSubsampling: '4:4:4' },
      { quality: 20 },
      { quality: 100 },
      { optimiseCoding: false },
    ]) {
      for (const [w, h] of [
        [1, 1],
        [17, 9],
        [64, 48],
        [65, 130],
      ] as const)
        expect(
          jpegCodesComeOutEven(await jpeg(w, h, options)),
          JSON.stringify([options, w, h]),
        ).toBe(true);
    }
    const grey = await sharp(pixels(50, 40), { raw: { width: 50, height: 40, channels: 3 } })
      .greyscale()
      .jpeg()
      .toBuffer();
    expect(jpegCodesComeOutEven(new Uint8Array(grey))).toBe(true);
    expect(jpegCodesComeOutEven(await jpeg(50, 40, { progressive: true }))).toBeUndefined();
  });

  it('sees many changes of bytes inside the picture, and every cut', async () => {
    const sound = await jpeg(160, 120, { quality: 90 });
    const header = readImageHeader(sound);
    if (header === undefined) throw new Error('no header');
    const scanAt = sound.findIndex((byte, i) => byte === 0xff && sound[i + 1] === 0xda) + 20;
    let seen = 0;
    for (let i = 0; i < 40; i++) {
      const changed = sound.slice();
      // eight bytes in a row are lost to a bad sector, so to say
      changed.fill(0x5a, scanAt + i * 50, scanAt + i * 50 + 8);
      if (findImageDamage(changed, header) !== undefined) seen += 1;
    }
    // Huffman codes fall into step again by themselves, so about half of such small changes cannot be seen
    expect(seen).toBeGreaterThan(10);
    for (let cut = scanAt; cut < sound.length; cut += 97)
      expect(findImageDamage(sound.slice(0, cut), header), `${cut}`).toBeDefined();
  });
});
