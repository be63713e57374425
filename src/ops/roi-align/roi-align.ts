import { emptyTensor, foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import { tf } from '../../tensor/tf.ts';
import type { Tensor, Tensor4D } from '../../tensor/tf.ts';
import { requireTensor, side } from '../argument/require-tensor.ts';
import { defineOp } from '../host/define-op.ts';
import { TILE, roiAlignGradKernel } from './roi-align-grad.wgsl.ts';
import { LANES, roiAlignKernel } from './roi-align.wgsl.ts';
import {
  GEOMETRY_VECTORS,
  MAX_GRID,
  WORKGROUP_SIZE,
  roiGeometryKernel,
} from './roi-geometry.wgsl.ts';
import type { RoiAlignSpec } from './roi-geometry.wgsl.ts';

/** `RoIAlign` of mmcv and torchvision with average pooling. */
export interface RoiAlignOptions {
  /** Pixels of each level per input pixel, 1 / stride; one per level. */
  readonly spatialScales: readonly number[];
  /** Rows and columns of bins, each 1 … 128. */
  readonly outputSize: readonly [height: number, width: number];
  /** Samples per bin and axis, up to 4,096; 0 = as many as the bin is long in pixels, rounded up. */
  readonly samplingRatio: number;
  /** Whether pixel centres lie at half pixels (shifts the RoI by −0.5). False also makes RoIs at least one pixel large. */
  readonly aligned: boolean;
}

const OP = 'roiAlign';
const MAX_LEVELS = 5;
/** The gradient keeps the weights of a tile for every row and column of bins in workgroup memory. */
const MAX_BINS = 128;

/**
 * RoIAlign (He et al., 2017, §3) on a whole feature pyramid: each RoI is cut into bins, and each bin is the mean of
 * bilinear samples of the RoI's level. Positions as in torchvision's and mmcv's CPU kernels, in float32 and in the same
 * order; a sample more than a pixel outside the map counts as 0, and a RoI whose adaptive grid is empty (zero size,
 * inverted) gives 0.
 *
 * One dispatch, two for the gradient, whatever the RoIs are and on however many levels. The gradient goes to the
 * features alone (RoIs are constants) and is deterministic. A RoI gives zeros and gets no gradient when its level is not
 * one of `features` (−1 = an empty slot), its image is not in the batch, or a coordinate is NaN or infinite. An adaptive
 * grid has at most 4,096 samples per axis, and samples that cannot touch the map are skipped: no RoI makes a long loop.
 *
 * @param features 1 … 5 levels, float32 [B, H_l, W_l, C], finest first
 * @param rois float32 [R, 5]: image of the batch, then xyxy in input pixels; R may be 0
 * @param roiLevels int32 [R], index into `features`, see `mapRoiLevels`
 * @returns float32 [R, height, width, C]
 * @throws Error when a shape, a type or an option does not fit
 */
export function roiAlign(
  features: readonly Tensor4D[],
  rois: Tensor,
  roiLevels: Tensor,
  options: RoiAlignOptions,
): Tensor4D {
  const [finest] = features;
  if (finest === undefined || features.length > MAX_LEVELS) {
    throw new Error(`${OP}: features must be 1 to ${MAX_LEVELS} levels, got ${features.length}`);
  }
  const [batch, , , channels] = finest.shape;
  for (const [level, feature] of features.entries()) {
    requireTensor(OP, `features[${level}]`, feature, 'float32', [batch, null, null, channels]);
  }
  const count = side(OP, 'rois', rois, 0);
  requireTensor(OP, 'rois', rois, 'float32', [count, 5]);
  requireTensor(OP, 'roiLevels', roiLevels, 'int32', [count]);
  requireOptions(options, features.length);
  const { outputSize, samplingRatio, spatialScales, aligned } = options;
  const inputs: Record<string, Tensor> = { rois, roiLevels };
  for (const [level, feature] of features.entries()) inputs[`feature${level}`] = feature;
  return tf.tidy(() =>
    runRoiAlign(inputs, {
      batch,
      channels,
      heights: features.map(({ shape }) => shape[1]),
      widths: features.map(({ shape }) => shape[2]),
      spatialScales,
      binsY: outputSize[0],
      binsX: outputSize[1],
      samplingRatio,
      aligned,
    }).as4D(count, ...outputSize, channels),
  );
}

function requireOptions(options: RoiAlignOptions, levels: number): void {
  const { outputSize, samplingRatio, spatialScales } = options;
  if (spatialScales.length !== levels || !spatialScales.every((scale) => scale > 0)) {
    throw new Error(
      `${OP}: spatialScales must be ${levels} numbers above 0, got [${spatialScales.join(', ')}]`,
    );
  }
  for (const bins of outputSize) {
    if (!Number.isInteger(bins) || bins < 1 || bins > MAX_BINS) {
      throw new Error(`${OP}: outputSize must be whole numbers 1 … ${MAX_BINS}, got ${bins}`);
    }
  }
  if (!Number.isInteger(samplingRatio) || samplingRatio < 0 || samplingRatio > MAX_GRID) {
    throw new Error(
      `${OP}: samplingRatio must be a whole number 0 … ${MAX_GRID}, got ${samplingRatio}`,
    );
  }
}

/** Sizes of the features and the options. */
type RoiAlignAttributes = Omit<RoiAlignSpec, 'levels'> & {
  readonly batch: number;
  readonly channels: number;
  readonly heights: readonly number[];
  readonly widths: readonly number[];
  readonly spatialScales: readonly number[];
};

const runRoiAlign = defineOp<string, RoiAlignAttributes>({
  name: 'AnchorageRoiAlign',
  save: ['rois', 'roiLevels'],
  forward({ rois, roiLevels, ...inputs }, attributes) {
    const { batch, heights, channels, binsY, binsX } = attributes;
    const features = heights.map((_, level) => inputs[`feature${level}`]);
    const [count = 0] = rois?.shape ?? [];
    const output = emptyTensor([count, binsY, binsX, channels]);
    const vector = vectorOf(channels);
    const groups = channels / vector;
    const chunks = Math.ceil(groups / LANES);
    const lines = count * binsY * chunks;
    const { workgroups, rowSize } = foldWorkgroups(lines, 1);
    runKernel(
      roiAlignKernel({ ...attributes, levels: heights.length }, vector),
      present([...features, rois, roiLevels, output]),
      { ...levelSizes(attributes), count: lines, rowSize, groups, chunks, batch },
      workgroups,
    );
    return output;
  },
  gradient(dy, [rois, roiLevels], attributes) {
    const [boxes, levels] = present([rois, roiLevels]);
    if (boxes === undefined || levels === undefined) throw new Error(`${OP}: saved tensors`);
    const grads = featureGradients(dy, boxes, levels, attributes);
    return Object.fromEntries(grads.map((grad, level) => [`feature${level}`, () => grad]));
  },
});

/** Gradients of all levels, by one dispatch after the one for the geometry. */
function featureGradients(
  dy: Tensor,
  rois: Tensor,
  roiLevels: Tensor,
  attributes: RoiAlignAttributes,
): Tensor[] {
  const { batch, channels, heights, widths } = attributes;
  const shapes = heights.map((height, level) => [batch, height, widths[level] ?? 0, channels]);
  const roiCount = side(OP, 'rois', rois, 0);
  // Buffers cannot be empty.
  if (roiCount === 0) return shapes.map((shape) => tf.fill(shape, 0));
  const spec: RoiAlignSpec = { ...attributes, levels: heights.length };
  const sizes = levelSizes(attributes);

  const geometry = emptyTensor([roiCount, GEOMETRY_VECTORS, 4]);
  const perRoi = foldWorkgroups(roiCount, WORKGROUP_SIZE);
  runKernel(
    roiGeometryKernel(spec),
    [rois, roiLevels, geometry],
    { ...sizes, count: roiCount, rowSize: perRoi.rowSize, batch },
    perRoi.workgroups,
  );

  const grads = shapes.map((shape) => emptyTensor(shape));
  const vector = vectorOf(channels);
  const groups = channels / vector;
  const chunks = Math.ceil(groups / LANES);
  let tiles = 0;
  for (const [level, height] of heights.entries()) {
    const tilesX = Math.ceil((widths[level] ?? 0) / TILE);
    const tilesPerImage = tilesX * Math.ceil(height / TILE);
    sizes[`tilesX${level}`] = tilesX;
    sizes[`tilesPerImage${level}`] = tilesPerImage;
    sizes[`firstTile${level}`] = tiles;
    tiles += tilesPerImage * batch;
  }
  const perTile = foldWorkgroups(tiles * chunks, 1);
  runKernel(
    roiAlignGradKernel(spec, vector),
    [dy, geometry, ...grads],
    { ...sizes, count: tiles * chunks, rowSize: perTile.rowSize, groups, chunks, roiCount },
    perTile.workgroups,
  );
  geometry.dispose();
  return grads;
}

/** Parameters of the levels: `height0`, `width0`, `scale0`, … */
function levelSizes(attributes: RoiAlignAttributes): Record<string, number> {
  const { heights, widths, spatialScales } = attributes;
  const sizes: Record<string, number> = {};
  for (const [level, height] of heights.entries()) {
    sizes[`height${level}`] = height;
    sizes[`width${level}`] = widths[level] ?? 0;
    sizes[`scale${level}`] = spatialScales[level] ?? 0;
  }
  return sizes;
}

function vectorOf(channels: number): 1 | 4 {
  return channels % 4 === 0 ? 4 : 1;
}

function present(tensors: readonly (Tensor | undefined)[]): Tensor[] {
  return tensors.map((tensor) => {
    if (tensor === undefined) throw new Error(`${OP}: a tensor is missing`);
    return tensor;
  });
}
