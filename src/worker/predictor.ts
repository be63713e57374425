import { inputFrames } from '../config/input-frames.ts';
import { pipelineOptions } from '../config/resolved-data.ts';
import { modelInput } from '../config/resolved-model.ts';
import type { Dataset, ImageDecoder, Problem } from '../data/dataset.ts';
import { UserError } from '../base/errors.ts';
import { evalBatches } from '../data/loader/batch-loader.ts';
import { createPipeline } from '../data/loader/pipeline.ts';
import { predictBatch } from '../train/predict-batch.ts';
import type { ImageDetections } from '../train/predict-batch.ts';
import type { OpenData } from './data-session.ts';
import { inputBuckets } from './input-buckets.ts';
import { onSavedWeights } from './loaded-model.ts';
import type { LoadedModel } from './loaded-model.ts';
import type { Detections } from './protocol.ts';
import { singleImageDataset } from './single-image.ts';

/** Labels are not used in prediction; room enough that the loader has nothing to report about them. */
const UNLIMITED_GTS = 4096;

export interface PredictionJob {
  readonly dataset: Dataset;
  readonly decoder: ImageDecoder;
  readonly indices: ArrayLike<number>;
  readonly batchSize: number;
  /** Overrides the config's score_thr where given. */
  readonly scoreThr?: number;
  readonly onProblem: (problem: Problem) => void;
}

/** Detections of one image of a job, in original pixels, best first. */
export interface PredictedImage extends ImageDetections {
  readonly imageIndex: number;
}

/** Runs a model over images in the order given; images that cannot be read are left out, each with a problem. */
export async function* predictImages(
  loaded: LoadedModel,
  job: PredictionJob,
): AsyncGenerator<PredictedImage, void, undefined> {
  const { model, config } = loaded;
  const { padSizeDivisor } = modelInput(config);
  const input = pipelineOptions(config, 'test');
  const batches = evalBatches({
    dataset: job.dataset,
    indices: job.indices,
    decoder: job.decoder,
    pipeline: createPipeline({ ...input, padSizeDivisor }),
    batchSize: job.batchSize,
    buckets: inputBuckets(inputFrames(input.steps) ?? [], padSizeDivisor),
    maxGts: UNLIMITED_GTS,
    prefetch: 2,
    onProblem: job.onProblem,
  });
  for await (const batch of batches) {
    const detections = await onSavedWeights(loaded, () => predictBatch(model, batch, job.scoreThr));
    for (const [row, { imageIndex }] of batch.metas.entries()) {
      const own = detections[row];
      if (own !== undefined) yield { imageIndex, ...own };
    }
  }
}

/** Detections on one image of the open dataset. */
export async function predictDatasetImage(
  loaded: LoadedModel,
  { dataset, decoder }: OpenData,
  index: number,
  scoreThr: number,
): Promise<Detections> {
  return only(loaded, { dataset, decoder, indices: [index], batchSize: 1, scoreThr });
}

/** Detections on an encoded picture. Rejects with a UserError naming `name` when it cannot be read. */
export async function predictBytes(
  loaded: LoadedModel,
  decoder: ImageDecoder,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  scoreThr: number,
): Promise<Detections> {
  const dataset = singleImageDataset(name, loaded.classes, bytes);
  return only(loaded, { dataset, decoder, indices: [0], batchSize: 1, scoreThr });
}

async function only(
  loaded: LoadedModel,
  job: Omit<PredictionJob, 'onProblem'>,
): Promise<Detections> {
  const problems: Problem[] = [];
  const images = predictImages(loaded, { ...job, onProblem: (problem) => problems.push(problem) });
  for await (const { boxes, scores, labels } of images) return { boxes, scores, labels };
  const [problem] = problems;
  throw new UserError({
    code: problem?.code ?? 'image-unreadable',
    what: problem?.detail ?? 'The image cannot be read.',
    action: 'Choose another image.',
    place: { file: problem?.file ?? job.dataset.name },
  });
}
