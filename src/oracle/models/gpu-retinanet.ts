import type { RetinaNet } from '../../models/detectors/retinanet.ts';
import { readOneOnGpu } from '../on-gpu.ts';
import type { GpuRun } from './gpu-model.ts';
import { anchorsPerLevel, foundBoxes, plainHead, plainMap, readGroups } from './gpu-read.ts';
import type { Evaluation, ImageInternals } from './model-under-test.ts';

/** Everything that RetinaNet computes of a batch in evaluation mode. */
export async function evaluateRetinaNet(run: GpuRun<RetinaNet>): Promise<Evaluation> {
  const { model, batch, images } = run;
  const { levels, anchors } = model.anchorsFor(batch.inputSize);
  const read = await readGroups(() => {
    const normalised = images();
    const frozen = model.extractor.prepareImages(normalised);
    const backbone = model.extractor.backboneFeatures(frozen, false);
    const pyramid = model.extractor.neckFeatures(backbone, false);
    const heads = model.headOutputs(pyramid);
    const found = model.detect(heads, batch, { scaleFactors: null });
    return {
      normalised: [normalised],
      backbone,
      pyramid,
      cls: heads.map(({ clsScore }) => clsScore),
      reg: heads.map(({ bboxPred }) => bboxPred),
      anchors: [anchors],
      found: [found.boxes, found.scores, found.labels, found.counts],
    };
  });
  const head = (key: 'cls' | 'reg') =>
    levels.flatMap((level, i) => {
      const rows = read(key)[i];
      return rows === undefined ? [] : [plainHead(rows, level)];
    });
  const [normalised] = read('normalised').map(plainMap);
  const [grid] = read('anchors');
  if (normalised === undefined || grid === undefined) throw new Error('evaluateRetinaNet: read');
  return {
    normalised,
    backbone: read('backbone').map(plainMap),
    pyramid: read('pyramid').map(plainMap),
    cls: head('cls'),
    reg: head('reg'),
    anchors: anchorsPerLevel(grid, levels),
    rois: [],
    detections: foundBoxes(read('found')),
  };
}

/** The assignment of the first step. */
export async function retinaNetInternals({
  model,
  batch,
}: GpuRun<RetinaNet>): Promise<readonly ImageInternals[]> {
  const [count] = batch.inputSize;
  const { data } = await readOneOnGpu(
    () => model.assign(batch, model.anchorsFor(batch.inputSize)).assigned,
  );
  const n = data.length / count;
  return Array.from({ length: count }, (_, image) => ({
    assigned: [...data.subarray(image * n, (image + 1) * n)],
    sampledPositives: [],
    sampledNegatives: [],
    second: null,
  }));
}
