/** Writes RGB pixels as a PNG file (PNG specification, third edition), with nothing but the platform's own zlib. */
import type { RgbImage } from '../dataset.ts';

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(body, 8);
  view.setUint32(8 + body.length, crc32(bytes.subarray(4, 8 + body.length)));
  return bytes;
}

/** Filter type 4's prediction (PNG specification, 9.4). */
function paeth(a: number, b: number, c: number): number {
  const pa = Math.abs(b - c);
  const pb = Math.abs(a - c);
  const pc = Math.abs(a + b - 2 * c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

/** Filters each row with Up or Paeth, whichever leaves the smaller sum of signed magnitudes (specification, 12.7). */
function filterRows({ width, height, data }: RgbImage): Uint8Array<ArrayBuffer> {
  const stride = width * 3;
  const filtered = new Uint8Array((stride + 1) * height);
  const up = new Int8Array(stride);
  const diagonal = new Int8Array(stride);
  for (let y = 0; y < height; y++) {
    let [upCost, diagonalCost] = [0, 0];
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x >= 3 ? (data[at - 3] ?? 0) : 0;
      const above = y > 0 ? (data[at - stride] ?? 0) : 0;
      const corner = x >= 3 && y > 0 ? (data[at - stride - 3] ?? 0) : 0;
      up[x] = (data[at] ?? 0) - above;
      diagonal[x] = (data[at] ?? 0) - paeth(left, above, corner);
      upCost += Math.abs(up[x] ?? 0);
      diagonalCost += Math.abs(diagonal[x] ?? 0);
    }
    filtered[y * (stride + 1)] = upCost < diagonalCost ? 2 : 4;
    filtered.set(upCost < diagonalCost ? up : diagonal, y * (stride + 1) + 1);
  }
  return filtered;
}

/**
 * Encodes as 8-bit RGB, without loss. The pixels read back are the same everywhere; the file's bytes may differ where
 * zlib does.
 */
export async function encodePng(image: RgbImage): Promise<Uint8Array<ArrayBuffer>> {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, image.width);
  view.setUint32(4, image.height);
  // 8 bits a channel, colour type 2 (RGB), deflate, adaptive filters, no interlace.
  header.set([8, 2, 0, 0, 0], 8);
  const deflate = new CompressionStream('deflate');
  const packed = new Blob([filterRows(image)]).stream().pipeThrough(deflate);
  const body = new Uint8Array(await new Response(packed).arrayBuffer());
  const parts = [
    Uint8Array.from(SIGNATURE),
    chunk('IHDR', header),
    chunk('IDAT', body),
    chunk('IEND', new Uint8Array()),
  ];
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
