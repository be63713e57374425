/** The sample as a {@link Dataset}: 512 scenes to train on and 64 to validate with, made when they are asked for. */
import { UserError } from '../../base/errors.ts';
import type { Annotations, Dataset, ImageEntry, RgbImage } from '../dataset.ts';
import { encodePng } from './encode-png.ts';
import { renderScene, sceneAnnotations } from './render-scene.ts';
import { decodeSampleArt, type LoadSampleArt, type SampleArt } from './sample-art.ts';
import { SCENE_SIZE } from './scene-plan.ts';

const SAMPLE_TRAIN_IMAGES = 512;
const SAMPLE_VAL_IMAGES = 64;
const IMAGES = SAMPLE_TRAIN_IMAGES + SAMPLE_VAL_IMAGES;

function collectAnnotations(art: SampleArt, seed: number): Annotations {
  const scenes = Array.from({ length: IMAGES }, (_, index) => sceneAnnotations(art, seed, index));
  const offsets = new Uint32Array(IMAGES + 1);
  for (const [i, { labels }] of scenes.entries())
    offsets[i + 1] = (offsets[i] ?? 0) + labels.length;
  const total = offsets[IMAGES] ?? 0;
  const boxes = new Float32Array(total * 4);
  const labels = new Int32Array(total);
  for (const [i, scene] of scenes.entries()) {
    boxes.set(scene.boxes, (offsets[i] ?? 0) * 4);
    labels.set(scene.labels, offsets[i] ?? 0);
  }
  const areas = Float32Array.from({ length: total }, (_, k) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = boxes.subarray(k * 4, k * 4 + 4);
    return (x2 - x1) * (y2 - y1);
  });
  return { offsets, boxes, labels, flags: new Uint8Array(total), areas };
}

function listImages(): ImageEntry[] {
  return Array.from({ length: IMAGES }, (_, index) => {
    const name = String(index + 1).padStart(6, '0');
    const size = { width: SCENE_SIZE, height: SCENE_SIZE };
    return { index, path: `${name}.png`, name, id: index + 1, ...size, missing: false };
  });
}

/** Indices `start` … `start + count − 1`. */
function range(start: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => start + i);
}

/**
 * Opens the sample of a seed (any safe integer): splits `train` (images 0 … 511) and `val` (512 … 575), 256 × 256 pixels,
 * eight classes. All annotations are computed here, no pixel is. Rejects with a UserError when the seed is no safe
 * integer, or with what `loadArt` rejects with.
 */
export async function createSampleDataset(options: {
  readonly seed: number;
  readonly loadArt: LoadSampleArt;
}): Promise<Dataset> {
  const { seed } = options;
  if (!Number.isSafeInteger(seed)) {
    throw new UserError({
      code: 'sample-seed-invalid',
      what: `The sample’s seed is ${seed}.`,
      why: 'It has to be a whole number.',
      action: 'Give a whole number, for example 0.',
    });
  }
  const art = await decodeSampleArt(await options.loadArt());
  const annotations = collectAnnotations(art, seed);
  const classCounts = art.map((_, label) => annotations.labels.filter((l) => l === label).length);
  const render = async (index: number): Promise<RgbImage> => {
    if (!Number.isInteger(index) || index < 0 || index >= IMAGES) {
      throw new RangeError(`The sample has images 0 … ${IMAGES - 1}, not ${index}.`);
    }
    return renderScene(art, seed, index);
  };
  return {
    format: 'sample',
    name: `Sample (seed ${seed})`,
    classes: art.map(({ name }) => name),
    categoryIds: art.map((_, label) => label + 1),
    images: listImages(),
    annotations,
    splits: {
      train: range(0, SAMPLE_TRAIN_IMAGES),
      val: range(SAMPLE_TRAIN_IMAGES, SAMPLE_VAL_IMAGES),
    },
    classCounts,
    problems: [],
    readImage: async (index) => encodePng(await render(index)),
    renderImage: render,
  };
}
