/**
 * Makes `src/data/sample/sample-art.bin` from Microsoft's Fluent Emoji (3D style, MIT) in the npm package
 * `@lobehub/fluent-emoji-3d`. Run `npx tsx scripts/build-sample-art.ts` after changing the list; a test compares the
 * committed file with what this gives.
 *
 * Only decoding is left to sharp. Cropping and scaling are done here in whole-number weights, so that the result does not
 * depend on the processor's vector unit.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { packSampleArt, type ArtPicture } from '../src/data/sample/sample-art-container.ts';

/** Class name → emoji code point, in code point order of the names (which is the label order of a VOC export too). */
const SAMPLE_EMOJI: readonly (readonly [name: string, codePoint: string])[] = [
  ['apple', '1f34e'],
  ['ball', '26bd'],
  ['bus', '1f68c'],
  ['cactus', '1f335'],
  ['camera', '1f4f7'],
  ['dog', '1f436'],
  ['sunflower', '1f33b'],
  ['umbrella', '2602-fe0f'],
];

/** Long side of the stored art in pixels: that of the largest objects. */
const ART_SIDE = 160;
/** Fainter samples are shadow remains of the original rendering and would widen the crop. */
const CROP_ALPHA = 8;

interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Smallest rectangle with every sample of at least {@link CROP_ALPHA}; right and bottom exclusive. */
function opaqueBounds({ width, height, data }: Rgba): [number, number, number, number] {
  const bounds: [number, number, number, number] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((data[(y * width + x) * 4 + 3] ?? 0) < CROP_ALPHA) continue;
      bounds[0] = Math.min(bounds[0], x);
      bounds[1] = Math.min(bounds[1], y);
      bounds[2] = Math.max(bounds[2], x + 1);
      bounds[3] = Math.max(bounds[3], y + 1);
    }
  }
  return bounds;
}

/**
 * Overlap of each source cell with target cell `i` when `from` cells become `to`, in units of 1/to of a source cell:
 * whole numbers, `from` in sum.
 */
function overlaps(
  i: number,
  from: number,
  to: number,
): (readonly [cell: number, weight: number])[] {
  const list: (readonly [number, number])[] = [];
  for (let cell = Math.floor((i * from) / to); cell * to < (i + 1) * from; cell++) {
    const weight = Math.min((cell + 1) * to, (i + 1) * from) - Math.max(cell * to, i * from);
    if (weight > 0) list.push([cell, weight]);
  }
  return list;
}

/** Crops to the opaque part and scales its long side to {@link ART_SIDE} by exact area averaging of premultiplied colour. */
function cropAndScale(name: string, source: Rgba): ArtPicture {
  const [left, top, right, bottom] = opaqueBounds(source);
  const [w, h] = [right - left, bottom - top];
  const width = Math.max(1, Math.round((w * ART_SIDE) / Math.max(w, h)));
  const height = Math.max(1, Math.round((h * ART_SIDE) / Math.max(w, h)));
  const rgba = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const rows = overlaps(y, h, height);
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0];
      let alpha = 0;
      for (const [row, rowWeight] of rows) {
        for (const [column, columnWeight] of overlaps(x, w, width)) {
          const at = ((top + row) * source.width + left + column) * 4;
          const weight = rowWeight * columnWeight * (source.data[at + 3] ?? 0);
          for (let c = 0; c < 3; c++) sum[c] = (sum[c] ?? 0) + weight * (source.data[at + c] ?? 0);
          alpha += weight;
        }
      }
      const out = (y * width + x) * 4;
      const stored = Math.floor(alpha / (w * h) + 0.5);
      rgba[out + 3] = stored;
      // Invisible samples stay black: their colour counts nowhere and would only cost bytes.
      if (stored > 0)
        for (let c = 0; c < 3; c++) rgba[out + c] = Math.floor((sum[c] ?? 0) / alpha + 0.5);
    }
  }
  return { name, width, height, rgba };
}

/** Decodes, crops and scales the eight pictures, in label order. */
export async function buildSampleArt(): Promise<ArtPicture[]> {
  return Promise.all(
    SAMPLE_EMOJI.map(async ([name, codePoint]) => {
      const file = new URL(
        `../node_modules/@lobehub/fluent-emoji-3d/assets/${codePoint}.webp`,
        import.meta.url,
      );
      const { data, info } = await sharp(fileURLToPath(file))
        .ensureAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      return cropAndScale(name, { width: info.width, height: info.height, data });
    }),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = new URL('../src/data/sample/sample-art.bin', import.meta.url);
  const packed = await packSampleArt(await buildSampleArt());
  await writeFile(target, packed);
  process.stdout.write(`${fileURLToPath(target)}: ${packed.length} bytes\n`);
}
