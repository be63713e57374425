import type { ImageHeader } from './image-header.ts';
import { jpegCodesComeOutEven } from './jpeg-scan.ts';

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 as PNG uses it (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (CRC_TABLE[(c ^ byte) & 255] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/**
 * Walks the segments of a JPEG. In entropy-coded data only FF 00, restart markers and fill bytes may stand before the
 * next segment; the end of image marker must come.
 */
function jpegDamage(bytes: Uint8Array): string | undefined {
  const data = view(bytes);
  let at = 2;
  let scanned = false;
  while (at + 2 <= bytes.length) {
    at = bytes.indexOf(0xff, at);
    if (at < 0 || at + 1 >= bytes.length) break;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xd9)
      return scanned ? undefined : 'The JPEG file ends before its picture begins.';
    const skip =
      marker === 0 || marker === 0xff || marker === 1 || (marker >= 0xd0 && marker <= 0xd8);
    if (skip) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    if (marker < 0xc0)
      return 'The JPEG data holds a marker that does not exist; bytes were changed.';
    if (at + 4 > bytes.length) break;
    scanned ||= marker === 0xda;
    at += 2 + data.getUint16(at + 2);
  }
  return 'The JPEG file was cut short: its end is missing.';
}

function pngDamage(bytes: Uint8Array): string | undefined {
  const data = view(bytes);
  let at = 8;
  while (at + 12 <= bytes.length) {
    const length = data.getUint32(at);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (crc32(bytes.subarray(at + 4, end)) !== data.getUint32(end))
      return `The checksum of a ${type} block of the PNG file is wrong; bytes were changed.`;
    if (type === 'IEND') return undefined;
    at = end + 4;
  }
  return 'The PNG file was cut short: its end is missing.';
}

/**
 * What is visibly wrong with the bytes of an image whose header is sound: cut short, wrong checksums, impossible
 * markers. Undefined when nothing is; changed bytes that are still well formed cannot be seen this way.
 */
export function findImageDamage(bytes: Uint8Array, header: ImageHeader): string | undefined {
  if (header.format === 'jpeg') {
    const damage = jpegDamage(bytes);
    if (damage !== undefined || jpegCodesComeOutEven(bytes) !== false) return damage;
    return 'The picture data of the JPEG file does not come out even; bytes were changed or are missing.';
  }
  if (header.format === 'png') return pngDamage(bytes);
  const stated =
    header.format === 'webp'
      ? view(bytes).getUint32(4, true) + 8
      : header.format === 'bmp'
        ? view(bytes).getUint32(2, true)
        : 0;
  return stated > bytes.length
    ? `The file was cut short: it states ${stated} bytes and has ${bytes.length}.`
    : undefined;
}
