import { FLAG_IGNORE, FLAG_UNUSABLE } from '../data/dataset.ts';
import { vocEvaluation } from '../config/resolved-data.ts';
import type { VocEvaluation } from '../config/resolved-data.ts';
import type { Problem } from '../data/dataset.ts';
import { vocMetric } from '../eval/voc-map/voc-metric.ts';
import type { OpenData } from './data-session.ts';
import type { LoadedModel } from './loaded-model.ts';
import { predictImages } from './predictor.ts';
import type { PredictedImage } from './predictor.ts';

/** Images per forward pass; small, so that the results come steadily. */
const BATCH = 4;

/** For a config without VOCMetric: AP at 0.5, area under the curve. */
const DEFAULT_METRIC: VocEvaluation = { iouThrs: [0.5], evalMode: 'area', prefix: 'pascal_voc' };

export interface Evaluation {
  readonly metric: ReturnType<typeof vocMetric>;
  readonly detections: readonly PredictedImage[];
}

/**
 * Pascal VOC AP of a model on some images of a dataset: ground truths with crowd or difficult set are ignored (neither
 * found nor missed counts), unusable boxes are left out.
 */
export async function evaluateVoc(
  loaded: LoadedModel,
  { dataset, decoder }: OpenData,
  indices: ArrayLike<number>,
  hooks: {
    readonly onProgress: (done: number, total: number) => void;
    readonly onProblem: (problem: Problem) => void;
  },
): Promise<Evaluation> {
  const detections: PredictedImage[] = [];
  const job = { dataset, decoder, indices, batchSize: BATCH, onProblem: hooks.onProblem };
  for await (const image of predictImages(loaded, job)) {
    detections.push(image);
    hooks.onProgress(detections.length, indices.length);
  }
  const metric = vocMetric(
    detections.map((image) => ({
      detections: image,
      groundTruth: groundTruths(dataset, image.imageIndex),
    })),
    { ...(vocEvaluation(loaded.config) ?? DEFAULT_METRIC), classes: dataset.classes },
  );
  return { metric, detections };
}

/** Usable boxes of an image, with those to ignore marked. */
function groundTruths(
  { annotations }: OpenData['dataset'],
  index: number,
): { boxes: Float32Array; labels: Int32Array; flags: Uint8Array } {
  const kept: number[] = [];
  for (let i = annotations.offsets[index] ?? 0; i < (annotations.offsets[index + 1] ?? 0); i++) {
    if (((annotations.flags[i] ?? 0) & FLAG_UNUSABLE) === 0) kept.push(i);
  }
  return {
    boxes: Float32Array.from(
      kept.flatMap((i) => [...annotations.boxes.subarray(i * 4, i * 4 + 4)]),
    ),
    labels: Int32Array.from(kept, (i) => annotations.labels[i] ?? 0),
    flags: Uint8Array.from(kept, (i) => (annotations.flags[i] ?? 0) & FLAG_IGNORE),
  };
}
