/**
 * The file format of the sample's artwork: gzip around `ANCHART1`, the length of a JSON header (u32, little endian), the
 * header, and for each picture its RGBA samples (8 bit, straight alpha, rows top to bottom) after a Paeth filter.
 *
 * The art is kept as raw samples because WebP decoders need not agree in the last bit, and the sample must have the same
 * pixels in every browser and in Node. The filter is PNG's type 4 (PNG specification, 9.2); it is there for size alone.
 */

export interface ArtPicture {
  /** Class name. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** [height, width, 4] RGBA, 8 bit, straight alpha */
  readonly rgba: Uint8Array<ArrayBuffer>;
}

const MAGIC = 'ANCHART1';
const HEADER_AT = MAGIC.length + 4;

type HeaderEntry = Pick<ArtPicture, 'name' | 'width' | 'height'>;

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1024;
}

/** By hand, so that decode workers need no schema library for one small header. */
function isHeaderEntry(value: unknown): value is HeaderEntry {
  if (typeof value !== 'object' || value === null) return false;
  const known = 'name' in value && 'width' in value && 'height' in value;
  return known && typeof value.name === 'string' && isSide(value.width) && isSide(value.height);
}

/** PNG's Paeth predictor: whichever of left, above, upper left is nearest to left + above − upper left. */
function paeth(left: number, above: number, corner: number): number {
  const dLeft = Math.abs(above - corner);
  const dAbove = Math.abs(left - corner);
  const dCorner = Math.abs(left + above - 2 * corner);
  if (dLeft <= dAbove && dLeft <= dCorner) return left;
  return dAbove <= dCorner ? above : corner;
}

/** Writes `source` filtered into `target`, or, with `undo`, the original back. Both are [height, width, 4]. */
function filterRgba(source: Uint8Array, target: Uint8Array, width: number, undo: boolean): void {
  const stride = width * 4;
  const original = undo ? target : source;
  for (let i = 0; i < source.length; i++) {
    const inRow = i % stride;
    const left = inRow >= 4 ? (original[i - 4] ?? 0) : 0;
    const above = i >= stride ? (original[i - stride] ?? 0) : 0;
    const corner = inRow >= 4 && i >= stride ? (original[i - stride - 4] ?? 0) : 0;
    const predicted = paeth(left, above, corner);
    target[i] = (source[i] ?? 0) + (undo ? predicted : -predicted);
  }
}

async function pipe(
  bytes: Uint8Array<ArrayBuffer>,
  transform: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(transform);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Packs pictures in the given order. The compressed bytes depend on the zlib at hand, what they unpack to does not. */
export async function packSampleArt(
  pictures: readonly ArtPicture[],
): Promise<Uint8Array<ArrayBuffer>> {
  const header = new TextEncoder().encode(
    JSON.stringify(pictures.map(({ name, width, height }) => ({ name, width, height }))),
  );
  const samples = pictures.reduce((sum, picture) => sum + picture.rgba.length, 0);
  const bytes = new Uint8Array(HEADER_AT + header.length + samples);
  bytes.set(new TextEncoder().encode(MAGIC));
  new DataView(bytes.buffer).setUint32(MAGIC.length, header.length, true);
  bytes.set(header, HEADER_AT);
  let at = HEADER_AT + header.length;
  for (const { rgba, width } of pictures) {
    filterRgba(rgba, bytes.subarray(at, at + rgba.length), width, false);
    at += rgba.length;
  }
  return pipe(bytes, new CompressionStream('gzip'));
}

/** Reads what {@link packSampleArt} wrote. Throws an Error when it is not that: the file is part of this program. */
export async function unpackSampleArt(packed: Uint8Array<ArrayBuffer>): Promise<ArtPicture[]> {
  const bytes = await pipe(packed, new DecompressionStream('gzip'));
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) {
    throw new Error('The sample artwork does not start with ANCHART1.');
  }
  const headerLength = new DataView(bytes.buffer).getUint32(MAGIC.length, true);
  let at = HEADER_AT + headerLength;
  const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(HEADER_AT, at)));
  if (!Array.isArray(header) || !header.every(isHeaderEntry)) {
    throw new Error('The sample artwork has no list of named pictures with sizes.');
  }
  const pictures = header.map(({ name, width, height }) => {
    const length = width * height * 4;
    if (at + length > bytes.length) throw new Error(`The sample artwork ends inside “${name}”.`);
    const rgba = new Uint8Array(length);
    filterRgba(bytes.subarray(at, at + length), rgba, width, true);
    at += length;
    return { name, width, height, rgba };
  });
  if (at !== bytes.length) throw new Error('The sample artwork has bytes after its last picture.');
  return pictures;
}
