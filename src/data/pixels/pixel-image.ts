/**
 * Pixels inside a pipeline: RGB, interleaved, rows top to bottom, 0 … 255. Float pixels come from PhotoMetricDistortion,
 * which may leave that range.
 */
export interface PixelImage {
  readonly width: number;
  readonly height: number;
  /** [3 · width · height] */
  readonly data: Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
}

/** A colour in memory order: red, green, blue. */
export type Rgb = readonly [number, number, number];

/** Rounds half to even, as C's rint does. */
export function rint(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The nearest 8-bit value, halves to even (cv2's saturate_cast). */
export function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : rint(value);
}

/** An array of the same kind of pixels, all zero. */
export function emptyLike(
  data: PixelImage['data'],
  length: number,
): Uint8Array<ArrayBuffer> | Float32Array<ArrayBuffer> {
  return data instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
}

/** An image of one colour, of the same kind of pixels as `like`; 8-bit colours are cut to whole numbers, as numpy does. */
export function canvasLike(
  like: PixelImage,
  width: number,
  height: number,
  colour: Rgb,
): PixelImage {
  const data = emptyLike(like.data, 3 * width * height);
  for (let i = 0; i < data.length; i += 3) {
    data[i] = colour[0];
    data[i + 1] = colour[1];
    data[i + 2] = colour[2];
  }
  return { width, height, data };
}

/** Copies the rectangle of `from` at (`fromX`, `fromY`) to (`toX`, `toY`) of `to`; both must hold it. */
export function paste(
  from: PixelImage,
  to: PixelImage,
  area: {
    readonly fromX: number;
    readonly fromY: number;
    readonly toX: number;
    readonly toY: number;
    readonly width: number;
    readonly height: number;
  },
): void {
  for (let y = 0; y < area.height; y++) {
    const start = 3 * ((area.fromY + y) * from.width + area.fromX);
    const row = from.data.subarray(start, start + 3 * area.width);
    to.data.set(row, 3 * ((area.toY + y) * to.width + area.toX));
  }
}

/** The rectangle with its top left corner at (x, y); it must lie inside the image. */
export function cropImage(
  image: PixelImage,
  x: number,
  y: number,
  width: number,
  height: number,
): PixelImage {
  const cropped = { width, height, data: emptyLike(image.data, 3 * width * height) };
  paste(image, cropped, { fromX: x, fromY: y, toX: 0, toY: 0, width, height });
  return cropped;
}
