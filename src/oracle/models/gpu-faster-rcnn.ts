import type { FasterRcnn } from '../../models/detectors/faster-rcnn.ts';
import { maxIouAssign } from '../../ops/matcher/max-iou-assign.ts';
import { anchorValidFlags } from '../../ops/anchor-valid-flags/anchor-valid-flags.ts';
import { matcherInput } from '../../models/task-modules/matcher-input.ts';
import { proposalRois } from '../../ops/proposal-rois/proposal-rois.ts';
import { tf } from '../../tensor/tf.ts';
import type { ReadArray } from '../on-gpu.ts';
import type { GpuRun } from './gpu-model.ts';
import { anchorsPerLevel, foundBoxes, plainHead, plainMap, readGroups } from './gpu-read.ts';
import type { Evaluation, FoundBoxes, ImageInternals, RoiEvaluation } from './model-under-test.ts';

/** Everything that Faster R-CNN computes of a batch in evaluation mode. */
export async function evaluateFasterRcnn(run: GpuRun<FasterRcnn>): Promise<Evaluation> {
  const { model, batch, images } = run;
  const { levels, anchors } = model.anchorsFor(batch.inputSize);
  const { test } = model.options;
  const read = await readGroups(() => {
    const normalised = images();
    const frozen = model.extractor.prepareImages(normalised);
    const backbone = model.extractor.backboneFeatures(frozen, false);
    const pyramid = model.extractor.neckFeatures(backbone, false);
    const heads = model.rpnOutputs(pyramid);
    const proposals = model.propose(heads, batch, test.rpn);
    const { rois, present } = proposalRois(proposals.boxes, proposals.counts);
    const features = model.roiHead.roiFeatures(pyramid, rois, present);
    const output = model.roiHead.headOutputs(features, false);
    const options = { scaleFactors: null };
    const found = model.roiHead.predict(pyramid, proposals, batch, options, test.rcnn);
    return {
      normalised: [normalised],
      backbone,
      pyramid,
      cls: heads.map(({ clsScore }) => clsScore),
      reg: heads.map(({ bboxPred }) => bboxPred),
      anchors: [anchors],
      proposals: [proposals.boxes, proposals.scores, proposals.levels, proposals.counts],
      rois: [model.roiHead.roiLevels(rois, present), features, output.clsScore, output.bboxPred],
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
  if (normalised === undefined || grid === undefined) throw new Error('evaluateFasterRcnn: read');
  return {
    normalised,
    backbone: read('backbone').map(plainMap),
    pyramid: read('pyramid').map(plainMap),
    cls: head('cls'),
    reg: head('reg'),
    anchors: anchorsPerLevel(grid, levels),
    rois: roiEvaluations(foundBoxes(read('proposals')), read('rois')),
    detections: foundBoxes(read('found')),
  };
}

/** Rows of the padded second stage, image by image. */
function roiEvaluations(
  proposals: readonly FoundBoxes[],
  [levels, features, clsScore, bboxPred]: readonly ReadArray[],
): RoiEvaluation[] {
  if (!levels || !features || !clsScore || !bboxPred) throw new Error('roiEvaluations: read');
  const room = levels.data.length / proposals.length;
  return proposals.map((own, image) => {
    const count = own.scores.length;
    const rows = ({ shape, data }: ReadArray) => {
      const size = data.length / levels.data.length;
      const from = image * room * size;
      return { shape: [count, ...shape.slice(1)], data: data.subarray(from, from + count * size) };
    };
    return {
      proposals: own,
      levels: rows(levels).data,
      features: plainMap(rows(features)),
      clsScore: rows(clsScore),
      bboxPred: rows(bboxPred),
    };
  });
}

/** Matching, sampling and proposals of the first step. */
export async function fasterRcnnInternals({
  model,
  batch,
  images,
}: GpuRun<FasterRcnn>): Promise<readonly ImageInternals[]> {
  const { train, rules } = model.options;
  const set = model.anchorsFor(batch.inputSize);
  const [count] = batch.inputSize;
  const read = await readGroups(() => {
    const valid = anchorValidFlags(batch.padShapes, set.levels, {
      allowedBorder: train.allowedBorder,
      imgShapes: batch.imgShapes,
      anchors: set.anchors,
    });
    const matched = maxIouAssign({
      ...matcherInput(batch, train.rpn.assigner, rules),
      anchors: set.anchors,
      valid,
      numClasses: 1,
    });
    const targets = model.rpnTargets(batch, set);
    const frozen = model.extractor.prepareImages(images());
    const pyramid = model.extractor.forward(frozen, true);
    const proposals = model.propose(model.rpnOutputs(pyramid), batch, train.rpnProposal);
    const sampled = model.roiHead.sample(proposals, batch, train.rcnn);
    return {
      anchors: [matched.assigned, targets.labels],
      proposals: [proposals.boxes, proposals.scores, proposals.levels, proposals.counts],
      sampled: [
        sampled.present,
        tf.slice(sampled.rois, [0, 1], [-1, 4]),
        sampled.labels,
        sampled.matchedGt,
        sampled.deltaTargets,
        model.roiHead.roiLevels(sampled.rois, sampled.present),
      ],
    };
  });
  const [assigned, labels] = read('anchors');
  if (assigned === undefined || labels === undefined) throw new Error('fasterRcnnInternals: read');
  const proposals = foundBoxes(read('proposals'));
  const n = assigned.data.length / count;
  return proposals.map((own, image) => {
    const ofImage = ({ data }: ReadArray) => [...data.subarray(image * n, (image + 1) * n)];
    const sampledLabels = ofImage(labels);
    const indices = (label: number) =>
      sampledLabels.flatMap((value, index) => (value === label ? [index] : []));
    return {
      assigned: ofImage(assigned),
      sampledPositives: indices(0),
      sampledNegatives: indices(1),
      second: { proposals: own, ...sampledOf(read('sampled'), image, count) },
    };
  });
}

function sampledOf(
  [present, rois, labels, matchedGt, deltas, levels]: readonly ReadArray[],
  image: number,
  images: number,
) {
  if (!present || !rois || !labels || !matchedGt || !deltas || !levels) {
    throw new Error('sampledOf: read');
  }
  const slots = present.data.length / images;
  const own = Array.from({ length: slots }, (_, slot) => image * slots + slot).filter(
    (slot) => present.data[slot] === 1,
  );
  const pick = ({ data }: ReadArray) => own.map((slot) => data[slot] ?? Number.NaN);
  const fours = ({ data }: ReadArray) =>
    own.flatMap((slot) => [...data.subarray(slot * 4, slot * 4 + 4)]);
  return {
    rois: fours(rois),
    labels: pick(labels),
    matchedGt: pick(matchedGt),
    deltas: fours(deltas),
    levels: pick(levels),
  };
}
