/** What the first bytes of an image file say, without decoding it. */
export interface ImageHeader {
  readonly format: 'jpeg' | 'png' | 'webp' | 'bmp' | 'gif' | 'avif';
  /** Stored size in pixels, before any EXIF turn. */
  readonly width: number;
  readonly height: number;
  /**
   * EXIF orientation 1 … 8; 1 when absent. From JPEG and PNG, and AVIF's own rotation; WebP's is not heeded, as in
   * Chromium.
   */
  readonly orientation: number;
}

/** Images above this are refused before they are decoded. */
export const MAX_PIXELS = 64 * 2 ** 20;

function ascii(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Orientation tag (0x0112) of an EXIF block that begins with its TIFF header; 1 when absent or damaged. */
function exifOrientation(tiff: Uint8Array): number {
  if (tiff.length < 14) return 1;
  const data = view(tiff);
  const order = ascii(tiff, 0, 2);
  if (order !== 'II' && order !== 'MM') return 1;
  const little = order === 'II';
  const directory = data.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const count = data.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i;
    if (at + 12 > tiff.length) return 1;
    if (data.getUint16(at, little) !== 0x0112) continue;
    const value = data.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/** Frame header markers: C0 … CF without DHT (C4), JPG (C8) and DAC (CC). */
function isFrameMarker(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function jpegHeader(bytes: Uint8Array): ImageHeader | undefined {
  const data = view(bytes);
  let orientation = 1;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) return undefined;
    const length = data.getUint16(at + 2);
    if (length < 2) return undefined;
    if (isFrameMarker(marker)) {
      if (at + 9 > bytes.length) return undefined;
      return sized({
        format: 'jpeg',
        width: data.getUint16(at + 7),
        height: data.getUint16(at + 5),
        orientation,
      });
    }
    if (marker === 0xe1 && ascii(bytes, at + 4, 6) === 'Exif\0\0') {
      orientation = exifOrientation(bytes.subarray(at + 10, at + 2 + length));
    }
    at += 2 + length;
  }
  return undefined;
}

function webpHeader(bytes: Uint8Array): ImageHeader | undefined {
  const data = view(bytes);
  const kind = ascii(bytes, 12, 4);
  if (bytes.length < 30) return undefined;
  const make = (width: number, height: number): ImageHeader => ({
    format: 'webp',
    width,
    height,
    orientation: 1,
  });
  if (kind === 'VP8 ')
    return make(data.getUint16(26, true) & 0x3fff, data.getUint16(28, true) & 0x3fff);
  if (kind === 'VP8L') {
    const packed = data.getUint32(21, true);
    return make((packed & 0x3fff) + 1, ((packed >>> 14) & 0x3fff) + 1);
  }
  if (kind !== 'VP8X') return undefined;
  return make((data.getUint32(24, true) & 0xffffff) + 1, (data.getUint32(26, true) >>> 8) + 1);
}

/** Offset behind the first four-letter tag `tag`; AVIF nests its properties, which are looked up by their tags. */
function behindTag(bytes: Uint8Array, tag: string): number | undefined {
  const first = tag.charCodeAt(0);
  for (let at = bytes.indexOf(first, 12); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (ascii(bytes, at, 4) === tag) return at + 4;
  }
  return undefined;
}

/** Size (`ispe`) and rotation (`irot`, quarter turns counter-clockwise) of an AVIF file (ISO 23008-12). */
function avifHeader(bytes: Uint8Array): ImageHeader | undefined {
  const data = view(bytes);
  const size = behindTag(bytes, 'ispe');
  if (size === undefined || size + 12 > bytes.length) return undefined;
  const rotation = behindTag(bytes, 'irot');
  const turns = rotation === undefined ? 0 : (bytes[rotation] ?? 0) & 3;
  return {
    format: 'avif',
    width: data.getUint32(size + 4),
    height: data.getUint32(size + 8),
    orientation: [1, 8, 3, 6][turns] ?? 1,
  };
}

/** A PNG's size, and the orientation of its eXIf block where that comes before the picture. */
function pngHeader(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes.length < 24) return undefined;
  const data = view(bytes);
  let orientation = 1;
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = data.getUint32(at);
    const type = ascii(bytes, at + 4, 4);
    if (type === 'eXIf') orientation = exifOrientation(bytes.subarray(at + 8, at + 8 + length));
    if (type === 'IDAT' || type === 'eXIf') break;
    at += 12 + length;
  }
  return { format: 'png', width: data.getUint32(16), height: data.getUint32(20), orientation };
}

function sized(header: ImageHeader | undefined): ImageHeader | undefined {
  return header !== undefined && header.width > 0 && header.height > 0 ? header : undefined;
}

/**
 * Format, stored size and EXIF orientation of an encoded image, by its content and not its name. Undefined when it is
 * none of the known formats, is damaged before its size, or when `bytes` (a beginning of the file) is too short.
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes.length < 12) return undefined;
  const data = view(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegHeader(bytes);
  const start = ascii(bytes, 0, 12);
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return sized(pngHeader(bytes));
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return sized(webpHeader(bytes));
  if (start.startsWith('GIF8'))
    return sized({
      format: 'gif',
      width: data.getUint16(6, true),
      height: data.getUint16(8, true),
      orientation: 1,
    });
  if (start.startsWith('BM') && bytes.length >= 26) {
    const old = data.getUint32(14, true) === 12;
    const [width, height] = old
      ? [data.getUint16(18, true), data.getUint16(20, true)]
      : [data.getInt32(18, true), Math.abs(data.getInt32(22, true))];
    return sized({ format: 'bmp', width, height, orientation: 1 });
  }
  if (start.slice(4) === 'ftypavif' || start.slice(4) === 'ftypavis')
    return sized(avifHeader(bytes));
  return undefined;
}

/** Size as shown: width and height change places for orientations 5 to 8. */
export function shownSize(header: ImageHeader): { width: number; height: number } {
  const { width, height, orientation } = header;
  return orientation >= 5 ? { width: height, height: width } : { width, height };
}
