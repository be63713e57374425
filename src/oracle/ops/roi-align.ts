import { nchwToNhwc } from '../../ops/oracle/nchw.ts';
import type { PackedArray, PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { roiAlignReference } from '../../ops/roi-align/roi-align.reference.ts';
import { roiAlign } from '../../ops/roi-align/roi-align.ts';
import type { RoiLevelRule } from '../../ops/roi-levels/level-thresholds.ts';
import type { Tensor4D } from '../../tensor/tf.ts';
import { floats, ints } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';
import { differentiated, mapTensor, mapValues } from './differentiated.ts';
import { roiLevelsTwin, roisOf } from './roi-levels.ts';

export interface RoiAlignInput {
  /** Maps [N, C, H, W], finest first. */
  readonly features: readonly PackedArray[];
  /** Pixels of each map per input pixel. */
  readonly scales: readonly number[];
  /** [R, 5]: image, then xyxy. */
  readonly rois: Float32Array<ArrayBuffer>;
  /** [R], index into the features. */
  readonly levels: ArrayLike<number>;
  readonly outputSize: readonly [height: number, width: number];
  readonly samplingRatio: number;
  readonly aligned: boolean;
  /** [R, C, h, w] of the result; null: only the value is wanted. */
  readonly gradOut: PackedArray | null;
}

export interface RoiAlignResult {
  /** [R, C, h, w] */
  readonly y: ArrayLike<number>;
  /** Gradient of every map, [N, C, H, W]. */
  readonly grads: readonly ArrayLike<number>[];
}

export const roiAlignTwin: Twin<RoiAlignInput, RoiAlignResult> = {
  async webgpu({ features, scales, rois, levels, gradOut, ...options }) {
    const count = levels.length;
    const shapes = features.map((map) => nchwToNhwc(map).shape);
    const { value, grads } = await differentiated(
      () => features.map(mapTensor),
      (...maps) =>
        roiAlign(
          maps.map((map, level): Tensor4D => map.as4D(...(shapes[level] ?? [0, 0, 0, 0]))),
          floats(rois, [count, 5]),
          ints(levels, [count]),
          { ...options, spatialScales: scales },
        ),
      gradOut === null ? null : () => mapTensor(gradOut),
    );
    return { y: mapValues(value), grads: grads.map(mapValues) };
  },
  reference({ features, scales, rois, levels, outputSize, gradOut, ...options }) {
    const maps = features.map(nchwToNhwc);
    const [batch = 0, , , channels = 0] = maps[0]?.shape ?? [];
    const { y, grads } = roiAlignReference(
      {
        ...options,
        batch,
        channels,
        outputSize,
        levels: maps.map(({ shape }, level) => ({
          height: shape[1],
          width: shape[2],
          spatialScale: scales[level] ?? 0,
        })),
      },
      maps.map(({ data }) => data),
      rois,
      levels,
      gradOut === null ? [] : nchwToNhwc(gradOut).data,
    );
    return {
      y: mapValues({ shape: [levels.length, ...outputSize, channels], data: y }),
      grads: grads.map((data, level) => mapValues({ shape: maps[level]?.shape ?? [], data })),
    };
  },
};

const single = opAdapter({
  op: 'roi_align',
  input(c): RoiAlignInput {
    const rois = Float32Array.from(c.array('rois').data);
    return {
      features: [c.array('x')],
      scales: [c.number('scale')],
      rois,
      levels: new Int32Array(rois.length / 5),
      outputSize: [c.number('out_h'), c.number('out_w')],
      samplingRatio: c.number('sampling_ratio'),
      aligned: c.flag('aligned'),
      gradOut: c.has('grad_out') ? c.array('grad_out') : null,
    };
  },
  async run(input, backend) {
    const { y, grads } = await runTwin(roiAlignTwin, backend, input);
    return { y, ...(grads[0] === undefined ? {} : { grad_in: grads[0] }) };
  },
  results: { y: 'sum', grad_in: 'sum' },
});

/** Torchvision's `MultiScaleRoIAlign`: its levels follow from the maps' scales (2⁻ᵏ), around level 4 at 224 pixels. */
function levelRule(scales: readonly number[]): RoiLevelRule {
  const exponents = scales.map((scale) => Math.round(-Math.log2(scale)));
  return { rule: 'torchvision', kMin: Math.min(...exponents), kMax: Math.max(...exponents) };
}

interface PyramidInput extends Omit<RoiAlignInput, 'levels'> {
  readonly boxes: readonly number[];
}

const pyramid = opAdapter({
  op: 'multiscale_roi_align',
  input(c: PackedCase): PyramidInput {
    const boxes = c.values('boxes');
    const size = c.number('out_size');
    return {
      features: c.arrays('feats'),
      scales: c.numbers('scales'),
      boxes,
      rois: roisOf(boxes),
      outputSize: [size, size],
      samplingRatio: c.number('sampling_ratio'),
      aligned: c.flag('aligned'),
      gradOut: null,
    };
  },
  async run({ boxes, ...input }, backend) {
    const rule = levelRule(input.scales);
    const levels = await runTwin(roiLevelsTwin, backend, { boxes, rule });
    return { levels, y: (await runTwin(roiAlignTwin, backend, { ...input, levels })).y };
  },
  results: { levels: 'exact', y: 'sum' },
});

export const ROI_ALIGN_ADAPTERS: readonly OpAdapter[] = [single, pyramid];
