/**
 * What stands where in a scene of the sample: geometry alone, no pixels. The annotations come from here, so opening the
 * sample draws nothing.
 *
 * Rules
 * - A scene is {@link SCENE_SIZE}² pixels with one to six objects; later objects cover earlier ones.
 * - An object's box is the tight bound of its alpha ≥ 0.5 before anything covers it, clipped to the image, rounded to whole
 *   pixels: VOC holds nothing finer, and so an export gives every reader the same boxes.
 * - The long side of that box before clipping is 16 … 160 pixels; clipped, it is still at least 16.
 * - At least {@link MIN_VISIBLE} of an object stays uncovered and inside the image.
 */
import { rng, type Rng } from '../../base/rng.ts';
import type { SampleArt, Sprite } from './sample-art.ts';
import { between, chance, STREAM } from './scene-random.ts';

export const SCENE_SIZE = 256;
export const MIN_VISIBLE = 0.4;
/** Long side of a box: within 16 … 160 after rounding both of its ends. */
const MIN_SIDE = 17;
const MAX_SIDE = 159;
const MAX_OBJECTS = 6;

/** A picture's place: sprite coordinates p (relative to the sprite's centre) stand at centre + scale · R · M · p. */
export interface Placement {
  /** Where the sprite's centre stands, in pixels of the scene. */
  readonly x: number;
  readonly y: number;
  /** Scene pixels per sprite texel. */
  readonly scale: number;
  /** R = [[cos, −sin], [sin, cos]], y downwards. */
  readonly cos: number;
  readonly sin: number;
  /** M = diag(mirror, 1): −1 or 1. */
  readonly mirror: number;
}

export interface SceneObject extends Placement {
  readonly label: number;
  /** xyxy, pixels, exclusive right and bottom, whole numbers. */
  readonly box: readonly [number, number, number, number];
  /** Colour c becomes (c − 128) · contrast + 128, times brightness. */
  readonly brightness: number;
  readonly contrast: number;
}

/** 10^(i/16), the size ladder from 16 to 160 pixels. Literals, since engines need not agree on `Math.pow`. */
const DECADE: readonly number[] = [
  1, 1.154781985, 1.333521432, 1.539926526, 1.77827941, 2.053525026, 2.371373706, 2.738419634,
  3.16227766, 3.651741273, 4.216965034, 4.869675252, 5.623413252, 6.493816316, 7.498942093,
  8.659643234, 10,
];

/** Log-uniform, bent a little upwards: the median is about 60 pixels. */
function drawSide(random: Rng): number {
  const u = random.float();
  const t = (u + 0.4 * u * (1 - u)) * 16;
  const i = Math.min(15, Math.floor(t));
  const low = DECADE[i] ?? 1;
  const high = DECADE[i + 1] ?? 10;
  return Math.min(MAX_SIDE, Math.max(MIN_SIDE, 16 * (low + (high - low) * (t - i))));
}

/** cos and sin of an angle in (−90°, 90°) from u in (−1, 1), nearly uniform: tan(πu/4) ≈ u (0.7854 + 0.2146 u²). */
function quarterTurn(u: number): { readonly cos: number; readonly sin: number } {
  const t = u * (0.7854 + 0.2146 * u * u);
  const d = 1 + t * t;
  return { cos: (1 - t * t) / d, sin: (2 * t) / d };
}

/** Half of the objects lean by at most about 27°, the others are turned by any angle. */
function drawRotation(random: Rng): { readonly cos: number; readonly sin: number } {
  if (chance(random, 0.5)) return quarterTurn(between(random, -0.3, 0.3));
  const { cos, sin } = quarterTurn(between(random, -1, 1));
  return chance(random, 0.5) ? { cos, sin } : { cos: -cos, sin: -sin };
}

/** Decks of all classes in shuffled order, six cards a scene: balanced, and mostly different within a scene. */
function drawLabel(seed: number, slot: number, classes: number): number {
  const deck = rng(seed, Math.floor(slot / classes), STREAM.deck).permutation(classes);
  return deck[slot % classes] ?? 0;
}

interface Extent {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Bounds of the sprite's outline after R · M, at scale 1, relative to its centre. */
function extentOf(hull: Float64Array, cos: number, sin: number, mirror: number): Extent {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < hull.length; i += 2) {
    const px = (hull[i] ?? 0) * mirror;
    const py = hull[i + 1] ?? 0;
    const x = cos * px - sin * py;
    const y = sin * px + cos * py;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { left, top, right, bottom };
}

function toPixel(value: number): number {
  return Math.floor(Math.min(SCENE_SIZE, Math.max(0, value)) + 0.5);
}

/** An object with what is still to be seen of it. */
class Standing {
  readonly sprite: Sprite;
  readonly object: SceneObject;
  /** Least share of the probes that must stay visible. */
  readonly wanted: number;
  /** Indices of the probes nothing has covered yet, with their place in the scene: flat (x, y). */
  visible: number[];

  constructor(sprite: Sprite, object: SceneObject, wanted: number) {
    this.sprite = sprite;
    this.object = object;
    this.wanted = wanted;
    this.visible = [];
    const { x, y, scale, cos, sin, mirror } = object;
    for (let i = 0; i < sprite.probes.length; i += 2) {
      const px = (sprite.probes[i] ?? 0) * mirror;
      const py = sprite.probes[i + 1] ?? 0;
      const sx = x + scale * (cos * px - sin * py);
      const sy = y + scale * (sin * px + cos * py);
      if (sx >= 0 && sy >= 0 && sx < SCENE_SIZE && sy < SCENE_SIZE) this.visible.push(sx, sy);
    }
  }

  /** Whether this object is solid at a point of the scene. */
  covers(sceneX: number, sceneY: number): boolean {
    const { x, y, scale, cos, sin, mirror } = this.object;
    const dx = (sceneX - x) / scale;
    const dy = (sceneY - y) / scale;
    const px = Math.floor((cos * dx + sin * dy) * mirror + this.sprite.width / 2);
    const py = Math.floor(cos * dy - sin * dx + this.sprite.height / 2);
    if (px < 0 || py < 0 || px >= this.sprite.width || py >= this.sprite.height) return false;
    return this.sprite.solid[py * this.sprite.width + px] === 1;
  }

  /** The probes that stay visible when `other` stands in front. */
  visibleBehind(other: Standing): number[] {
    const a = this.object.box;
    const b = other.object.box;
    if (a[0] >= b[2] || b[0] >= a[2] || a[1] >= b[3] || b[1] >= a[3]) return this.visible;
    const left: number[] = [];
    for (let i = 0; i < this.visible.length; i += 2) {
      const x = this.visible[i] ?? 0;
      const y = this.visible[i + 1] ?? 0;
      if (!other.covers(x, y)) left.push(x, y);
    }
    return left;
  }

  enough(visible: readonly number[]): boolean {
    return visible.length >= this.wanted * this.sprite.probes.length;
  }
}

/** One try at a place for an object whose long side is `side`. */
function tryPlace(random: Rng, sprite: Sprite, label: number, side: number): Standing {
  const { cos, sin } = drawRotation(random);
  const mirror = chance(random, 0.5) ? 1 : -1;
  const extent = extentOf(sprite.hull, cos, sin, mirror);
  const scale = side / Math.max(extent.right - extent.left, extent.bottom - extent.top);
  const w = scale * (extent.right - extent.left);
  const h = scale * (extent.bottom - extent.top);
  // One in six may stand across the image's rim; how far is limited by what must stay visible.
  const rim = chance(random, 1 / 6);
  const left = rim
    ? between(random, -w / 2, SCENE_SIZE - w / 2)
    : between(random, 0, SCENE_SIZE - w);
  const top = rim
    ? between(random, -h / 2, SCENE_SIZE - h / 2)
    : between(random, 0, SCENE_SIZE - h);
  const object: SceneObject = {
    label,
    x: left - scale * extent.left,
    y: top - scale * extent.top,
    scale,
    cos,
    sin,
    mirror,
    box: [toPixel(left), toPixel(top), toPixel(left + w), toPixel(top + h)],
    brightness: between(random, 0.75, 1.2),
    contrast: between(random, 0.8, 1.15),
  };
  // A sixth of the wish is room for the coarseness of the probes.
  return new Standing(sprite, object, chance(random, 0.6) ? 0.9 : MIN_VISIBLE * 1.2);
}

/** Adds an object where it and all before it stay visible enough; after eight misses it is tried smaller. */
function place(random: Rng, standing: Standing[], sprite: Sprite, label: number): void {
  let side = drawSide(random);
  for (let attempt = 1; attempt <= 40; attempt++) {
    const candidate = tryPlace(random, sprite, label, side);
    const [x1, y1, x2, y2] = candidate.object.box;
    const left = standing.map((other) => other.visibleBehind(candidate));
    const fits =
      Math.max(x2 - x1, y2 - y1) >= 16 &&
      candidate.enough(candidate.visible) &&
      standing.every((other, i) => other.enough(left[i] ?? []));
    if (fits) {
      for (const [i, other] of standing.entries()) other.visible = left[i] ?? [];
      standing.push(candidate);
      return;
    }
    if (attempt % 8 === 0) side = Math.max(MIN_SIDE, side * 0.75);
  }
}

/** Number of objects in a scene: 1 … 6, three and a half in the mean. */
const COUNTS: readonly number[] = [1, 2, 2, 3, 3, 3, 4, 4, 5, 6];

/** The objects of scene `index`, in drawing order. The same for the same art, seed and index, in every engine. */
export function planObjects(art: SampleArt, seed: number, index: number): SceneObject[] {
  const random = rng(seed, index, STREAM.objects);
  const count = COUNTS[random.int(0, COUNTS.length)] ?? 1;
  const standing: Standing[] = [];
  let label = 0;
  for (let k = 0; k < count; k++) {
    // Now and then the same class again, since two of a kind side by side is what suppression has to learn.
    if (k === 0 || !chance(random, 0.2))
      label = drawLabel(seed, index * MAX_OBJECTS + k, art.length);
    const sprite = art[label];
    if (sprite !== undefined) place(random, standing, sprite, label);
  }
  return standing.map(({ object }) => object);
}
