import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { RetinaNet } from '../models/detectors/retinanet.ts';
import type { DetectionBatch } from '../models/detectors/detector.ts';
import type { RetinaLevel } from '../models/dense-heads/retina-head.ts';
import type { RetinaNetOptions } from '../models/detectors/retinanet.ts';
import { writeParameter } from '../models/parameter-io.ts';
import { describeOnGpu, gpuTest } from '../ops/host/describe-on-backends.ts';
import { readOracleJson } from '../ops/oracle/casepack.ts';
import { readIntTensor, readTensor } from '../tensor/read.ts';
import { tf } from '../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../tensor/tf.ts';
import { uploadFloats, uploadInts } from '../tensor/upload.ts';
import { NO_PARAMWISE } from './optimizers/paramwise.ts';
import { Optimizer } from './optimizers/optimizer.ts';
import { totalLoss } from './train-step.ts';

/**
 * MMDetection 3.3.0 itself, run on a tiny RetinaNet: features, targets, losses, gradients and three SGD steps.
 * Tolerances: 1e-4 of the maximum for features, 1e-4 relative for losses, 1e-3 for gradient norms.
 */
const PAGE = 'mmdet/tiny_retinanet_r18.json';

const pair = z.tuple([z.number(), z.number()]);
const summary = z.object({
  shape: z.array(z.number()),
  sum: z.number(),
  abs_sum: z.number(),
  first: z.array(z.number()),
});
const perLevel = z.object({ loss_cls: z.array(z.number()), loss_bbox: z.array(z.number()) });
const detections = z.object({
  bboxes: z.array(z.array(z.number())),
  scores: z.array(z.number()),
  labels: z.array(z.number()),
});
const pageSchema = z.object({
  state_dict_order: z.array(z.tuple([z.string(), z.array(z.number())])),
  img_shape_hw: z.array(pair),
  pad_shape_hw: pair,
  gt_bboxes: z.array(z.array(z.array(z.number()))),
  gt_labels: z.array(z.array(z.number())),
  feats: z.array(summary),
  neck: z.array(summary),
  cls_score: z.array(summary),
  bbox_pred: z.array(summary),
  targets: z.object({
    avg_factor: z.number(),
    pos_per_level: z.array(z.array(z.number())),
    ignored_per_level: z.array(z.array(z.number())),
    pos_flat_index_level_label: z.array(z.array(z.tuple([z.number(), z.number(), z.number()]))),
  }),
  losses_per_level: perLevel,
  grads: z.record(
    z.string(),
    z.object({ l2: z.number(), sum: z.number(), first: z.array(z.number()) }).nullable(),
  ),
  sgd_3_steps: z.object({
    lr: z.number(),
    momentum: z.number(),
    weight_decay: z.number(),
    log: z.array(
      z.object({
        loss: z.number(),
        loss_cls: z.number(),
        loss_bbox: z.number(),
        grad_norm: z.number(),
      }),
    ),
  }),
  empty_gt_image0: perLevel,
  scale_factor: pair,
  predict_rescale_false: z.array(detections),
  predict_rescale_true_first5: z.array(z.array(z.array(z.number()))),
});

const OPTIONS: RetinaNetOptions = {
  type: 'RetinaNet',
  rules: 'mmdetection',
  backbone: {
    depth: 18,
    baseChannels: 8,
    frozenStages: 1,
    normEval: true,
    norm: { type: 'BN', requiresGrad: true },
    style: 'pytorch',
    zeroInitResidual: true,
  },
  neck: {
    outChannels: 8,
    startLevel: 1,
    numOuts: 5,
    addExtraConvs: 'on_input',
    reluBeforeExtraConvs: false,
  },
  head: { numClasses: 3, featChannels: 8, stackedConvs: 2 },
  anchors: {
    type: 'AnchorGenerator',
    strides: [8, 16, 32, 64, 128],
    ratios: [0.5, 1, 2],
    octaveBaseScale: 4,
    scalesPerOctave: 3,
  },
  coder: { means: [0, 0, 0, 0], stds: [1, 1, 1, 1] },
  lossCls: { gamma: 2, alpha: 0.25, lossWeight: 1 },
  lossBbox: { type: 'L1Loss', lossWeight: 1 },
  assigner: { posIouThr: 0.5, negIouThr: 0.4, minPosIou: 0 },
  allowedBorder: -1,
  posWeight: 1,
  test: {
    nmsPre: 1000,
    minBboxSize: 0,
    scoreThr: 0.05,
    nms: { type: 'nms', iouThreshold: 0.5, classAgnostic: false },
    maxPerImg: 100,
  },
  preprocess: { mean: [0, 0, 0], std: [1, 1, 1], rgb: true },
};

/** [B, H, W] of the page's batch. */
const INPUT_SIZE = [2, 64, 96] as const;

const raw = await readOracleJson(PAGE);

if (raw === undefined) {
  test.skip(`${PAGE} is absent`);
} else {
  const page = pageSchema.parse(raw);
  describe(PAGE, () => {
    describeOnGpu('tiny RetinaNet', () => suite(page));
  });
}

function suite(page: z.infer<typeof pageSchema>): void {
  gpuTest('parameters have MMDetection’s names, shapes and order', () =>
    withModel(page, ({ parameters }) => {
      expect(parameters.list().map(({ name, shape }) => [name, [...shape]])).toEqual(
        page.state_dict_order,
      );
      return Promise.resolve();
    }),
  );

  gpuTest('features of backbone, neck and head', () =>
    withModel(page, async (model) => {
      const maps = tf.tidy(() => {
        const feats = model.extractor.backboneFeatures(
          model.extractor.prepareImages(inputImages()),
          true,
        );
        const neck = model.extractor.neckFeatures(feats, true);
        const levels = model.headOutputs(neck);
        const unflatten = (t: Tensor, i: number): Tensor4D => {
          const { height = 0, width = 0 } = levels[i] ?? {};
          return t.reshape([2, height, width, -1]);
        };
        return [
          ...feats,
          ...neck,
          ...levels.map(({ clsScore }, i) => unflatten(clsScore, i)),
          ...levels.map(({ bboxPred }, i) => unflatten(bboxPred, i)),
        ];
      });
      const wanted = [...page.feats, ...page.neck, ...page.cls_score, ...page.bbox_pred];
      expect(maps.length).toBe(wanted.length);
      for (const [i, map] of maps.entries()) await expectSummary(map, wanted[i], `map ${i}`);
      for (const map of maps) map.dispose();
    }),
  );

  gpuTest('assignment', () =>
    withModel(page, async (model) => {
      const [labels, assigned, factor] = tf.tidy(() => {
        const targets = model.assign(batchOf(page), model.anchorsFor(INPUT_SIZE));
        return [targets.labels, targets.assigned, targets.avgFactor] as [Tensor, Tensor, Tensor];
      });
      const values = await readIntTensor(labels);
      const gts = await readIntTensor(assigned);
      expect((await readTensor(factor))[0]).toBe(page.targets.avg_factor);
      const { levels } = model.anchorsFor(INPUT_SIZE);
      const total = values.length / 2;
      for (const image of [0, 1]) {
        const positives: [number, number, number][] = [];
        const ignored: number[] = [];
        for (const [index, level] of levels.entries()) {
          const count = level.height * level.width * level.perCell;
          let without = 0;
          for (let i = 0; i < count; i++) {
            const at = image * total + level.start + i;
            if ((gts[at] ?? -2) >= 0) positives.push([index, i, values[at] ?? -1]);
            if (values[at] === -1) without += 1;
          }
          ignored.push(without);
        }
        expect(ignored).toEqual(page.targets.ignored_per_level[image]);
        expect(positives).toEqual(page.targets.pos_flat_index_level_label[image]);
      }
      for (const tensor of [labels, assigned, factor]) tensor.dispose();
    }),
  );

  gpuTest('losses, and with an image without ground truths', () =>
    withModel(page, async (model) => {
      for (const [batch, want] of [
        [page, page.losses_per_level],
        [withoutFirst(page), page.empty_gt_image0],
      ] as const) {
        const [cls, bbox] = tf.tidy(() => {
          const [lossCls, lossBbox] = lossesOf(model, batch);
          if (lossCls === undefined || lossBbox === undefined) throw new Error('two losses');
          return [lossCls, lossBbox] as [Tensor, Tensor];
        });
        expectRelative((await readTensor(cls))[0], sum(want.loss_cls), 1e-4, 'loss_cls');
        expectRelative((await readTensor(bbox))[0], sum(want.loss_bbox), 1e-4, 'loss_bbox');
        cls.dispose();
        bbox.dispose();
      }
    }),
  );

  gpuTest('gradient of every parameter', () =>
    withModel(page, async (model) => {
      const trainable = model.parameters.trainable();
      const { value, grads } = tf.tidy(() =>
        tf.variableGrads(
          () => totalLoss(model.logKeys, lossesOf(model, page)),
          trainable.map(({ variable }) => variable),
        ),
      );
      value.dispose();
      const known = Object.entries(page.grads);
      expect(known.length).toBeGreaterThan(80);
      for (const [name, want] of known) {
        const parameter = model.parameters.get(name);
        expect(parameter?.trainable, `${name} trainable`).toBe(want !== null);
        if (parameter === undefined || want === null) continue;
        const gradient = grads[parameter.variable.name];
        if (gradient === undefined) throw new Error(`${name} has no gradient`);
        const values = parameter.layout.toTorch(await readTensor(gradient));
        const norm = Math.sqrt(values.reduce((s, v) => s + v * v, 0));
        expect(
          Math.abs(norm - want.l2),
          `${name} norm ${norm}, want ${want.l2}`,
        ).toBeLessThanOrEqual(1e-3 * want.l2 + 1e-7);
        for (const [i, first] of want.first.entries()) {
          expect(Math.abs((values[i] ?? 0) - first), `${name}[${i}]`).toBeLessThanOrEqual(
            1e-3 * want.l2 + 1e-7,
          );
        }
      }
      for (const gradient of Object.values(grads)) gradient.dispose();
    }),
  );

  gpuTest('detections, in input pixels and rescaled', () =>
    withModel(page, async (model) => {
      for (const rescale of [false, true]) {
        const found = await detect(model, page, rescale);
        for (const image of [0, 1]) {
          const want = page.predict_rescale_false[image];
          if (want === undefined) throw new Error('two images');
          if (rescale) {
            const first = page.predict_rescale_true_first5[image] ?? [];
            for (const [i, box] of first.entries()) {
              expectAmong(box, want.labels[i], found[image], `rescaled, image ${image}`);
            }
            continue;
          }
          expect(found[image]?.boxes.length).toBe(want.bboxes.length);
          // As sets: where scores differ by less than float32 resolves, the order may swap.
          for (const [i, box] of want.bboxes.entries()) {
            const at = expectAmong(
              box,
              want.labels[i],
              found[image],
              `image ${image}, detection ${i}`,
            );
            expect(Math.abs((found[image]?.scores[at] ?? 0) - (want.scores[i] ?? 1))).toBeLessThan(
              1e-4,
            );
          }
        }
      }
    }),
  );

  gpuTest('three SGD steps', () =>
    withModel(page, async (model) => {
      const { lr, momentum, weight_decay: weightDecay, log } = page.sgd_3_steps;
      const optimizer = new Optimizer(model.parameters.trainable(), {
        algorithm: { type: 'SGD', momentum, nesterov: false, weightDecay },
        paramwise: NO_PARAMWISE,
        clipMaxNorm: 0,
      });
      for (const [step, want] of log.entries()) {
        const [loss, norm] = tf.tidy(() => {
          const { value, grads } = tf.variableGrads(
            () => totalLoss(model.logKeys, lossesOf(model, page)),
            optimizer.variables.map(({ variable }) => variable),
          );
          return [value, optimizer.step(grads, lr)] as [Tensor, Tensor];
        });
        expectRelative(
          (await readTensor(loss))[0],
          want.loss,
          1e-4 * (step + 1),
          `loss of step ${step}`,
        );
        expectRelative(
          (await readTensor(norm))[0],
          want.grad_norm,
          1e-3,
          `grad_norm of step ${step}`,
        );
        loss.dispose();
        norm.dispose();
      }
      optimizer.dispose();
    }),
  );
}

type Page = z.infer<typeof pageSchema>;

interface Found {
  readonly boxes: readonly (readonly number[])[];
  readonly scores: readonly number[];
  readonly labels: readonly number[];
}

async function detect(model: RetinaNet, page: Page, rescale: boolean): Promise<readonly Found[]> {
  const result = tf.tidy(() => {
    const imgShapes = uploadInts(Int32Array.from(page.img_shape_hw.flat()), [2, 2]).as2D(2, 2);
    const scaleFactors = rescale
      ? uploadFloats(Float32Array.from([...page.scale_factor, ...page.scale_factor]), [2, 2])
      : null;
    const input = { imgShapes, batchShapes: padShapes(page), inputSize: INPUT_SIZE };
    return { ...model.detect(levelsOf(model, false), input, { scaleFactors }) };
  });
  const [boxes, scores, labels, counts] = await Promise.all([
    readTensor(result.boxes),
    readTensor(result.scores),
    readIntTensor(result.labels),
    readIntTensor(result.counts),
  ]);
  tf.dispose([result.boxes, result.scores, result.labels, result.counts]);
  const room = scores.length / counts.length;
  return Array.from(counts, (count, image) => ({
    boxes: Array.from({ length: count }, (_, i) => [
      ...boxes.subarray((image * room + i) * 4, (image * room + i + 1) * 4),
    ]),
    scores: [...scores.subarray(image * room, image * room + count)],
    labels: [...labels.subarray(image * room, image * room + count)],
  }));
}

/** Index of the detection with this label whose box equals `want` within 1e-3 px. */
function expectAmong(
  want: readonly number[],
  label: number | undefined,
  found: Found | undefined,
  what: string,
): number {
  const boxes = found?.boxes ?? [];
  const at = boxes.findIndex(
    (box, i) =>
      found?.labels[i] === label && box.every((v, k) => Math.abs(v - (want[k] ?? 0)) < 1e-3),
  );
  expect(
    at,
    `${what}: [${want}] of class ${label} is not among the detections`,
  ).toBeGreaterThanOrEqual(0);
  return at;
}

/** Runs `body` on a model with the page's formula weights. */
async function withModel(page: Page, body: (model: RetinaNet) => Promise<void>): Promise<void> {
  const model = new RetinaNet(OPTIONS, 0);
  for (const [j, [name, shape]] of page.state_dict_order.entries()) {
    const parameter = model.parameters.get(name);
    if (parameter === undefined) throw new Error(`no parameter ${name}`);
    writeParameter(parameter, formulaWeights(name, shape, j));
  }
  await body(model);
  model.dispose();
}

/** The page's `weights` rule, in words there. */
function formulaWeights(
  name: string,
  shape: readonly number[],
  j: number,
): Float32Array<ArrayBuffer> {
  const size = shape.reduce((product, side) => product * side, 1);
  const fanIn = shape.slice(1).reduce((product, side) => product * side, 1);
  const scale = Math.sqrt(2 / fanIn) * (/retina_|rpn_cls|rpn_reg|fc_/.test(name) ? 0.5 : 1);
  return Float32Array.from({ length: size }, (_, i) => {
    const s = Math.sin(1.3 * i + 0.7 * j);
    if (name.endsWith('running_mean')) return 0.1 * s;
    if (name.endsWith('running_var')) return 1 + 0.2 * s;
    if (shape.length > 1) return s * scale;
    if (name.endsWith('weight')) return 1 + 0.1 * s;
    if (name === 'bbox_head.retina_cls.bias') return -2 + 0.1 * s;
    return 0.05 * s;
  });
}

/** sin(0.11·i) over (2, 3, 64, 96), as NHWC. */
function inputImages(): Tensor4D {
  const nhwc = new Float32Array(2 * 64 * 96 * 3);
  let i = 0;
  for (let n = 0; n < 2; n++)
    for (let c = 0; c < 3; c++)
      for (let p = 0; p < 64 * 96; p++)
        nhwc[(n * 64 * 96 + p) * 3 + c] = Math.fround(Math.sin(0.11 * i++));
  return uploadFloats(nhwc, [2, 64, 96, 3]).as4D(2, 64, 96, 3);
}

function batchOf(page: Page): DetectionBatch {
  const most = Math.max(...page.gt_bboxes.map((boxes) => boxes.length));
  const boxes = new Float32Array(2 * most * 4);
  const labels = new Int32Array(2 * most);
  for (const [image, own] of page.gt_bboxes.entries()) {
    boxes.set(own.flat(), image * most * 4);
    labels.set(page.gt_labels[image] ?? [], image * most);
  }
  const counts = Int32Array.from(page.gt_bboxes, (own) => own.length);
  return {
    bytes: tf.zeros([1], 'int32'),
    inputSize: INPUT_SIZE,
    imgShapes: uploadInts(Int32Array.from(page.img_shape_hw.flat()), [2, 2]).as2D(2, 2),
    padShapes: padShapes(page),
    batchShapes: padShapes(page),
    gtBoxes: uploadFloats(boxes, [2, most, 4]).as3D(2, most, 4),
    gtLabels: uploadInts(labels, [2, most]).as2D(2, most),
    gtCounts: uploadInts(counts, [2]),
    gtIgnore: null,
    randomKey: uploadInts(new Int32Array(2), [2]),
  };
}

function padShapes({ pad_shape_hw: shape }: Page): DetectionBatch['padShapes'] {
  return uploadInts(Int32Array.from([...shape, ...shape]), [2, 2]).as2D(2, 2);
}

function withoutFirst(page: Page): Page {
  return {
    ...page,
    gt_bboxes: [[], ...page.gt_bboxes.slice(1)],
    gt_labels: [[], ...page.gt_labels.slice(1)],
  };
}

function levelsOf(model: RetinaNet, training: boolean): readonly RetinaLevel[] {
  const frozen = model.extractor.prepareImages(inputImages());
  return model.headOutputs(model.extractor.forward(frozen, training));
}

function lossesOf(model: RetinaNet, page: Page): readonly Tensor[] {
  const targets = model.assign(batchOf(page), model.anchorsFor(INPUT_SIZE));
  return model.losses(levelsOf(model, true), targets);
}

/** Sum, sum of magnitudes and first values of an NHWC map against a summary of its NCHW twin. */
async function expectSummary(
  map: Tensor4D,
  want: z.infer<typeof summary> | undefined,
  what: string,
): Promise<void> {
  if (want === undefined) throw new Error(`${what}: no summary`);
  const nchw = tf.transpose(map, [0, 3, 1, 2]);
  expect(nchw.shape, what).toEqual(want.shape);
  const values = await readTensor(nchw);
  nchw.dispose();
  const magnitudes = values.reduce((s, v) => s + Math.abs(v), 0);
  const largest = values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  expectRelative(magnitudes, want.abs_sum, 1e-4, `${what} sum of magnitudes`);
  expect(Math.abs(sum([...values]) - want.sum), `${what} sum`).toBeLessThanOrEqual(
    1e-4 * want.abs_sum,
  );
  for (const [i, first] of want.first.entries()) {
    expect(Math.abs((values[i] ?? 0) - first), `${what}[${i}]`).toBeLessThanOrEqual(1e-4 * largest);
  }
}

function expectRelative(
  actual: number | undefined,
  want: number,
  tolerance: number,
  what: string,
): void {
  expect(
    Math.abs((actual ?? Number.NaN) - want) / Math.abs(want),
    `${what}: ${actual}, want ${want}`,
  ).toBeLessThanOrEqual(tolerance);
}

function sum(values: readonly number[]): number {
  return values.reduce((s, v) => s + v, 0);
}
