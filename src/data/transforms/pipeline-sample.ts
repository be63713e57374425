import type { Rng } from '../../base/rng.ts';
import type { FlipDirection } from '../pixels/flip.ts';
import type { PixelImage } from '../pixels/pixel-image.ts';
import type { ResizeSpec } from '../pixels/target-size.ts';

type Boxes = Float32Array<ArrayBuffer>;

/** The labels of an image. */
export interface SampleLabels {
  /** [n · 4] xyxy in pixels of the image, float32 */
  readonly boxes: Boxes;
  /** [n] class index */
  readonly labels: Int32Array<ArrayBuffer>;
  /** [n] 1 for a box to ignore: crowd, difficult or too small (MMDetection's gt_ignore_flags) */
  readonly ignoreFlags: Uint8Array<ArrayBuffer>;
}

/** An image on its way through a pipeline, with its labels. Transforms give a new one and leave theirs as it is. */
export interface PipelineSample extends SampleLabels {
  readonly image: PixelImage;
  /** [h, w] of the decoded image. */
  readonly oriShape: readonly [number, number];
  /** [x, y] of the last resize: new ÷ old size. */
  readonly scaleFactor: readonly [number, number];
  /** How the image was mirrored last; null for not at all. */
  readonly flipDirection: FlipDirection | null;
}

/** Which further images a transform wants. */
export interface MixRule {
  readonly count: number;
  /** Draws at most so often until an image with boxes comes; 1 takes any. */
  readonly tries: number;
}

/**
 * One step of a pipeline: a pure function of the sample and of what it draws from `random`. Undefined drops the image, and
 * another one is taken.
 */
export interface Transform {
  readonly apply: (
    sample: PipelineSample,
    random: Rng,
    /** As many as `mixes` says. */
    mixed: readonly PipelineSample[],
  ) => PipelineSample | undefined;
  /** Set on steps that mix in other images. */
  readonly mixes?: MixRule;
  /** Set on steps that resize: then the pixels may be resized elsewhere, before the labels are known. */
  readonly resize?: {
    readonly spec: (random: Rng) => ResizeSpec;
    /** Boxes are clipped to the resized image. */
    readonly clip: boolean;
  };
  /** Touches every pixel with arithmetic: worth a thread of its own. */
  readonly heavy: boolean;
}

/** The labels for which `keep` says so. */
export function keepLabels<T extends SampleLabels>(
  sample: T,
  keep: (x1: number, y1: number, x2: number, y2: number) => boolean,
): T {
  const { boxes, labels, ignoreFlags } = sample;
  const kept = Array.from(labels.keys()).filter((i) =>
    keep(boxes[4 * i] ?? 0, boxes[4 * i + 1] ?? 0, boxes[4 * i + 2] ?? 0, boxes[4 * i + 3] ?? 0),
  );
  if (kept.length === labels.length) return sample;
  const flat = new Float32Array(4 * kept.length);
  kept.forEach((from, to) => flat.set(boxes.subarray(4 * from, 4 * from + 4), 4 * to));
  return {
    ...sample,
    boxes: flat,
    labels: Int32Array.from(kept, (i) => labels[i] ?? 0),
    ignoreFlags: Uint8Array.from(kept, (i) => ignoreFlags[i] ?? 0),
  };
}

/** MMDetection's `is_inside`: the labels whose box reaches into an image of this size. */
export function keepInside<T extends SampleLabels>(sample: T, width: number, height: number): T {
  return keepLabels(sample, (x1, y1, x2, y2) => x1 < width && y1 < height && x2 > 0 && y2 > 0);
}

/** The labels of several samples, one after the other. */
export function joinLabels(samples: readonly SampleLabels[]): SampleLabels {
  const count = samples.reduce((sum, { labels }) => sum + labels.length, 0);
  const boxes = new Float32Array(4 * count);
  const [labels, ignoreFlags] = [new Int32Array(count), new Uint8Array(count)];
  let at = 0;
  for (const sample of samples) {
    boxes.set(sample.boxes, 4 * at);
    labels.set(sample.labels, at);
    ignoreFlags.set(sample.ignoreFlags, at);
    at += sample.labels.length;
  }
  return { boxes, labels, ignoreFlags };
}

/** Uniform in [low, high). */
export function uniform(random: Rng, low: number, high: number): number {
  return low + random.float() * (high - low);
}

/** A colour of a config, which counts blue first, in memory order. */
export function fromBgr([b, g, r]: readonly [number, number, number]): readonly [
  number,
  number,
  number,
] {
  return [r, g, b];
}
