import { crc32 } from './image-damage.ts';
import type { ImageHeader } from './image-header.ts';

const EOI = Uint8Array.of(0xff, 0xd9);

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** One PNG block of `type` and `data`, with a right length and checksum. */
function pngBlock(typeAndData: Uint8Array): Uint8Array {
  const block = new Uint8Array(typeAndData.length + 8);
  const data = new DataView(block.buffer);
  data.setUint32(0, typeAndData.length - 4);
  block.set(typeAndData, 4);
  data.setUint32(typeAndData.length + 4, crc32(typeAndData));
  return block;
}

/** The blocks of a PNG with right checksums; undefined when the file ends before its IEND block. */
function mendPng(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + data.getUint32(at);
    if (end + 4 > bytes.length) return undefined;
    parts.push(pngBlock(bytes.subarray(at + 4, end)));
    if (String.fromCharCode(...bytes.subarray(at + 4, at + 8)) === 'IEND') return join(parts);
    at = end + 4;
  }
  return undefined;
}

/**
 * Bytes that a browser may decode although the file is damaged: browsers refuse a JPEG without its end, but fill the
 * rest with grey once an end marker is there; they refuse a PNG for a wrong checksum. A PNG that was cut short cannot be
 * helped: its picture is one deflate stream, and browsers refuse a part of it. Undefined where nothing can be mended.
 */
export function mendImage(
  bytes: Uint8Array,
  header: ImageHeader,
): Uint8Array<ArrayBuffer> | undefined {
  if (header.format === 'jpeg') return join([bytes, EOI]);
  return header.format === 'png' ? mendPng(bytes) : undefined;
}
