/** The sample's artwork made ready for drawing: scaled-down copies, outline, and points to measure visibility with. */
import { convexHull, outlinePoints } from './outline.ts';
import { unpackSampleArt, type ArtPicture } from './sample-art-container.ts';

/**
 * One scale of a sprite: colour premultiplied by alpha (colour 0 … 255, alpha 0 … 1), with a border of one transparent
 * texel on each side, so that bilinear sampling fades out at the rim. `texels` is [height + 2, width + 2, 4].
 */
export interface SpriteLevel {
  readonly width: number;
  readonly height: number;
  readonly texels: Float32Array;
}

export interface Sprite {
  readonly name: string;
  /** Size of level 0. Sprite coordinates are in its texels, origin at the upper left corner. */
  readonly width: number;
  readonly height: number;
  /** Level k has 2⁻ᵏ of the resolution. */
  readonly levels: readonly SpriteLevel[];
  /** [height, width] 1 where alpha ≥ 0.5 */
  readonly solid: Uint8Array;
  /** [n, 2] convex hull of the alpha = 0.5 outline, in sprite coordinates relative to the sprite's centre */
  readonly hull: Float64Array;
  /** [n, 2] evenly spread solid points, in sprite coordinates relative to the sprite's centre */
  readonly probes: Float64Array;
}

/** The sprites in label order. */
export type SampleArt = readonly Sprite[];

/** Where the packed artwork comes from; the browser and Node differ in this alone. */
export type LoadSampleArt = () => Promise<Uint8Array<ArrayBuffer>>;

const PROBES = 160;

function levelZero({ width, height, rgba }: ArtPicture): SpriteLevel {
  const stride = (width + 2) * 4;
  const texels = new Float32Array(stride * (height + 2));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      const to = (y + 1) * stride + (x + 1) * 4;
      const alpha = (rgba[from + 3] ?? 0) / 255;
      for (let c = 0; c < 3; c++) texels[to + c] = (rgba[from + c] ?? 0) * alpha;
      texels[to + 3] = alpha;
    }
  }
  return { width, height, texels };
}

/** Averages 2×2 texels; beyond the right and bottom rim there is nothing, that is, transparency. */
function halve(level: SpriteLevel): SpriteLevel {
  const width = Math.ceil(level.width / 2);
  const height = Math.ceil(level.height / 2);
  const stride = (width + 2) * 4;
  const sourceStride = (level.width + 2) * 4;
  const texels = new Float32Array(stride * (height + 2));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (y + 1) * stride + (x + 1) * 4;
      const from = (2 * y + 1) * sourceStride + (2 * x + 1) * 4;
      for (let c = 0; c < 4; c++) {
        const a = level.texels[from + c] ?? 0;
        const b = level.texels[from + 4 + c] ?? 0;
        const d = level.texels[from + sourceStride + c] ?? 0;
        const e = level.texels[from + sourceStride + 4 + c] ?? 0;
        texels[to + c] = (a + b + d + e) / 4;
      }
    }
  }
  return { width, height, texels };
}

function probePoints(solid: Uint8Array, width: number, height: number): Float64Array {
  const area = solid.reduce((sum, value) => sum + value, 0);
  const step = Math.max(1, Math.floor(Math.sqrt(area / PROBES)));
  const points: number[] = [];
  for (let y = step >> 1; y < height; y += step) {
    for (let x = step >> 1; x < width; x += step) {
      if (solid[y * width + x] === 1) points.push(x + 0.5 - width / 2, y + 0.5 - height / 2);
    }
  }
  return Float64Array.from(points);
}

function makeSprite(picture: ArtPicture): Sprite {
  const { name, width, height, rgba } = picture;
  const alpha = new Uint8Array(width * height);
  for (let i = 0; i < alpha.length; i++) alpha[i] = rgba[i * 4 + 3] ?? 0;
  const solid = alpha.map((value) => (value >= 127.5 ? 1 : 0));
  const levels = [levelZero(picture)];
  for (let level = levels[0]; level !== undefined && Math.max(level.width, level.height) > 4;) {
    level = halve(level);
    levels.push(level);
  }
  const hull = convexHull(outlinePoints(alpha, width, height, 127.5));
  for (let i = 0; i < hull.length; i += 2) {
    hull[i] = (hull[i] ?? 0) - width / 2;
    hull[i + 1] = (hull[i + 1] ?? 0) - height / 2;
  }
  return { name, width, height, levels, solid, hull, probes: probePoints(solid, width, height) };
}

/** Makes the sprites from the packed artwork (`sample-art.bin`). Throws when the bytes are not that. */
export async function decodeSampleArt(packed: Uint8Array<ArrayBuffer>): Promise<SampleArt> {
  return (await unpackSampleArt(packed)).map(makeSprite);
}
