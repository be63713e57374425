/**
 * Backgrounds of the sample: gradients, cloudy noise, stripes, checks and soft blobs in varied colours and contrast, with
 * a few plain shapes as clutter. Only +, −, ×, ÷, floor and sqrt: the same pixels in every engine.
 */
import { rng, type Rng } from '../../base/rng.ts';
import type { Canvas } from './draw-sprite.ts';
import { between, chance, pick, STREAM } from './scene-random.ts';

type Colour = readonly [r: number, g: number, b: number];

/** Hue in turns, saturation and value 0 … 1, to RGB 0 … 255 (Smith 1978). */
function hsv(hue: number, saturation: number, value: number): Colour {
  const channel = (shift: number): number => {
    const k = (shift + hue * 6) % 6;
    return 255 * value * (1 - saturation * Math.max(0, Math.min(1, k, 4 - k)));
  };
  return [channel(5), channel(3), channel(1)];
}

/** Two to tell a pattern by: near or far in hue, and always apart in value. */
function drawPalette(random: Rng): readonly [Colour, Colour] {
  const hue = random.float();
  const saturation = between(random, 0.08, 0.6);
  const value = between(random, 0.4, 0.95);
  const otherHue = (hue + (chance(random, 0.6) ? between(random, 0, 0.12) : random.float())) % 1;
  const shift = between(random, 0.08, 0.35) * (value > 0.65 ? -1 : 1);
  const other = Math.min(1, Math.max(0.15, value + shift));
  return [hsv(hue, saturation, value), hsv(otherHue, between(random, 0.08, 0.6), other)];
}

/** A direction at random, as (x, y) of length near 1: exact division instead of sine and cosine. */
function drawDirection(random: Rng): readonly [number, number] {
  const t = between(random, -1, 1);
  const d = 1 + t * t;
  const [x, y] = [(1 - t * t) / d, (2 * t) / d];
  return chance(random, 0.5) ? [x, y] : [-y, x];
}

/** 3t² − 2t³, clamped to 0 … 1. */
function smooth(t: number): number {
  const c = Math.min(1, Math.max(0, t));
  return c * c * (3 - 2 * c);
}

/** Fills `field` [height, width] with values about 0 … 1, to be mixed between the palette's two colours. */
type Pattern = (random: Rng, field: Float32Array, width: number, height: number) => void;

const gradient: Pattern = (random, field, width, height) => {
  const [dx, dy] = drawDirection(random);
  const scale = 1 / (Math.abs(dx) * width + Math.abs(dy) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      field[y * width + x] = 0.5 + ((x - width / 2) * dx + (y - height / 2) * dy) * scale;
    }
  }
};

/** Adds one octave of value noise: random values on a lattice of `cell` pixels, smoothly interpolated. */
function addNoise(
  random: Rng,
  field: Float32Array,
  width: number,
  cell: number,
  weight: number,
): void {
  const height = field.length / width;
  const columns = Math.ceil(width / cell) + 2;
  const rows = Math.ceil(height / cell) + 2;
  const lattice = Float64Array.from({ length: columns * rows }, () => random.float() * weight);
  const fx = Float64Array.from({ length: width }, (_, x) => smooth((x % cell) / cell));
  for (let y = 0; y < height; y++) {
    const fy = smooth((y % cell) / cell);
    const row = Math.floor(y / cell) * columns;
    for (let x = 0; x < width; x++) {
      const at = row + Math.floor(x / cell);
      const t = fx[x] ?? 0;
      const upper = (lattice[at] ?? 0) * (1 - t) + (lattice[at + 1] ?? 0) * t;
      const lower = (lattice[at + columns] ?? 0) * (1 - t) + (lattice[at + columns + 1] ?? 0) * t;
      const i = y * width + x;
      field[i] = (field[i] ?? 0) + upper * (1 - fy) + lower * fy;
    }
  }
}

const clouds: Pattern = (random, field, width) => {
  const cell = pick(random, [32, 64, 128]);
  addNoise(random, field, width, cell, 0.6);
  addNoise(random, field, width, cell / 2, 0.3);
  addNoise(random, field, width, cell / 4, 0.15);
};

/** A square wave of period 1 with edges `edge` wide. */
function wave(t: number, edge: number): number {
  const phase = t - Math.floor(t);
  return smooth((Math.min(phase, 1 - phase) - 0.25) / edge + 0.5);
}

const stripes: Pattern = (random, field, width, height) => {
  const [dx, dy] = drawDirection(random);
  const period = between(random, 20, 90);
  const edge = between(random, 2, 12) / period;
  const phase = random.float();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      field[y * width + x] = wave((x * dx + y * dy) / period + phase, edge);
    }
  }
};

const checks: Pattern = (random, field, width, height) => {
  const [dx, dy] = drawDirection(random);
  const period = between(random, 32, 110);
  const edge = between(random, 1.5, 6) / period;
  const phase = random.float();
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const a = wave((x * dx + y * dy) / period + phase, edge);
      const b = wave((y * dx - x * dy) / period + phase, edge);
      field[y * width + x] = a + b - 2 * a * b;
    }
  }
};

const blobs: Pattern = (random, field, width, height) => {
  for (let n = random.int(6, 15); n > 0; n--) {
    const [cx, cy] = [between(random, 0, width), between(random, 0, height)];
    const radius = between(random, 15, 60);
    const soft = between(random, 0.05, 0.9);
    const top = Math.max(0, Math.floor(cy - radius));
    const bottom = Math.min(height, Math.ceil(cy + radius));
    const left = Math.max(0, Math.floor(cx - radius));
    const right = Math.min(width, Math.ceil(cx + radius));
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const distance = Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) / radius;
        const i = y * width + x;
        field[i] = Math.max(field[i] ?? 0, smooth((1 - distance) / soft));
      }
    }
  }
};

const PATTERNS: readonly Pattern[] = [gradient, clouds, clouds, stripes, checks, blobs];

/** Mixes the palette by the field, under a light that falls off in one direction. */
function colourField(
  canvas: Canvas,
  field: Float32Array,
  [a, b]: readonly [Colour, Colour],
  random: Rng,
): void {
  const { width, height, data } = canvas;
  const [dx, dy] = drawDirection(random);
  const fall = between(random, 0, 0.3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const light = 1 + fall * ((x / width - 0.5) * dx + (y / height - 0.5) * dy);
      const i = y * width + x;
      const t = field[i] ?? 0;
      for (let c = 0; c < 3; c++) {
        data[i * 3 + c] = ((a[c] ?? 0) * (1 - t) + (b[c] ?? 0) * t) * light;
      }
    }
  }
}

/** A plain disc, ring or bar with round ends: things that are no object. */
function paintShape(canvas: Canvas, random: Rng): void {
  const { width, height, data } = canvas;
  const colour = hsv(random.float(), between(random, 0.1, 0.7), between(random, 0.3, 0.95));
  const [cx, cy] = [between(random, 0, width), between(random, 0, height)];
  const radius = between(random, 4, 18);
  const bar = chance(random, 0.5) ? between(random, 10, 40) : 0;
  const hole = bar === 0 && chance(random, 0.5) ? radius * between(random, 0.4, 0.75) : 0;
  const [dx, dy] = drawDirection(random);
  const reach = radius + bar + 1;
  for (let y = Math.max(0, Math.floor(cy - reach)); y < Math.min(height, cy + reach); y++) {
    for (let x = Math.max(0, Math.floor(cx - reach)); x < Math.min(width, cx + reach); x++) {
      const along = (x - cx) * dx + (y - cy) * dy;
      const across = (y - cy) * dx - (x - cx) * dy;
      const beyond = Math.max(0, Math.abs(along) - bar);
      const distance = Math.sqrt(beyond * beyond + across * across);
      const inside = Math.min(radius - distance, distance - hole + (hole === 0 ? 1 : 0)) + 0.5;
      const alpha = Math.min(1, Math.max(0, inside));
      const at = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) {
        data[at + c] = (data[at + c] ?? 0) * (1 - alpha) + (colour[c] ?? 0) * alpha;
      }
    }
  }
}

/** Paints the background of scene `index` over the whole canvas. */
export function paintBackground(canvas: Canvas, seed: number, index: number): void {
  const random = rng(seed, index, STREAM.background);
  const field = new Float32Array(canvas.width * canvas.height);
  const palette = drawPalette(random);
  pick(random, PATTERNS)(random, field, canvas.width, canvas.height);
  colourField(canvas, field, palette, random);
  if (chance(random, 0.4)) for (let n = random.int(1, 7); n > 0; n--) paintShape(canvas, random);
}
