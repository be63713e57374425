import { z } from 'zod';
import { readCasepack, readOracleJson } from '../oracle/casepack.ts';
import type { PackedArray, PackedCase } from '../oracle/parse-casepack.ts';
import { nchwToNhwc } from '../oracle/nchw.ts';
import type { RoiAlignCase } from './roi-align.cases.ts';
import type { RoiAlignShape } from './roi-align.reference.ts';

function caseOf(
  name: string,
  shape: Omit<RoiAlignShape, 'batch' | 'channels' | 'levels'>,
  maps: readonly { readonly values: PackedArray; readonly spatialScale: number }[],
  rois: Float32Array<ArrayBuffer>,
  known: Partial<Pick<RoiAlignCase, 'roiLevels' | 'dy' | 'y' | 'grads' | 'tolerance'>>,
): RoiAlignCase {
  const [batch = 0, channels = 0] = maps[0]?.values.shape ?? [];
  const count = rois.length / 5;
  return {
    name,
    shape: {
      ...shape,
      batch,
      channels,
      levels: maps.map(({ values, spatialScale }) => {
        const [, , height = 0, width = 0] = values.shape;
        return { height, width, spatialScale };
      }),
    },
    features: maps.map(({ values }) => nchwToNhwc(values).data),
    rois,
    roiLevels: Array.from({ length: count }, () => 0),
    dy: new Float32Array(count * shape.outputSize[0] * shape.outputSize[1] * channels).fill(1),
    ...known,
  };
}

/** torchvision's results, forward and gradient; those of several levels, forward. */
export async function packCases(): Promise<RoiAlignCase[] | undefined> {
  const pack = await readCasepack('ops/roi_align');
  return pack?.map((item) => {
    if (item.op === 'roi_align') return singleLevelCase(item);
    if (item.op === 'multiscale_roi_align') return multiscaleCase(item);
    throw new Error(`ops/roi_align: unknown op ${item.op}`);
  });
}

function singleLevelCase(item: PackedCase): RoiAlignCase {
  return caseOf(
    `casepack ${item.name}`,
    {
      outputSize: [item.number('out_h'), item.number('out_w')],
      samplingRatio: item.number('sampling_ratio'),
      aligned: item.flag('aligned'),
    },
    [{ values: item.array('x'), spatialScale: item.number('scale') }],
    Float32Array.from(item.array('rois').data),
    {
      y: nchwToNhwc(item.array('y')).data,
      ...(item.has('grad_out') ? { dy: nchwToNhwc(item.array('grad_out')).data } : {}),
      ...(item.has('grad_in') ? { grads: [nchwToNhwc(item.array('grad_in')).data] } : {}),
    },
  );
}

function multiscaleCase(item: PackedCase): RoiAlignCase {
  const scales = item.numbers('scales');
  const boxes = Array.from(item.array('boxes').data);
  const roiLevels = Array.from(item.array('levels').data);
  const size = item.number('out_size');
  return caseOf(
    `casepack ${item.name}`,
    {
      outputSize: [size, size],
      samplingRatio: item.number('sampling_ratio'),
      aligned: item.flag('aligned'),
    },
    item.arrays('feats').map((values, level) => ({ values, spatialScale: scales[level] ?? 0 })),
    Float32Array.from(roiLevels.flatMap((_, roi) => [0, ...boxes.slice(roi * 4, roi * 4 + 4)])),
    { roiLevels, y: nchwToNhwc(item.array('y')).data },
  );
}

const map4d = z.array(z.array(z.array(z.array(z.number()))));
const jsonFile = z.object({
  from_tests: z.object({
    pool: z.tuple([z.number(), z.number()]),
    spatial_scale: z.number(),
    sampling_ratio: z.number(),
    aligned: z.boolean(),
    atol: z.number(),
    cases: z.array(
      z.object({
        input: map4d,
        rois: z.array(z.array(z.number())),
        output: map4d,
        grad_of_sum: map4d,
      }),
    ),
  }),
  computed_input: z.object({ rois: z.array(z.array(z.number())) }),
  computed: z.array(
    z.object({
      spatial_scale: z.number(),
      output_size: z.tuple([z.number(), z.number()]),
      sampling_ratio: z.number(),
      aligned: z.boolean(),
      output: map4d,
      grad_of_sum: map4d,
    }),
  ),
});

function packed(values: z.infer<typeof map4d>): PackedArray {
  const [image] = values;
  const shape = [
    values.length,
    image?.length ?? 0,
    image?.[0]?.length ?? 0,
    image?.[0]?.[0]?.length ?? 0,
  ];
  return { shape, data: Float32Array.from(values.flat(3)) };
}

/** mmcv's own test cases, and results of its semantics on a larger map; the gradient of the sum of the output. */
export async function mmcvCases(): Promise<RoiAlignCase[] | undefined> {
  const json = await readOracleJson('mmdet/roi_align.json');
  if (json === undefined) return undefined;
  const { from_tests: tests, computed, computed_input } = jsonFile.parse(json);
  const input: PackedArray = {
    shape: [2, 2, 6, 8],
    data: Float32Array.from({ length: 192 }, (_, i) => Math.sin(0.37 * i)),
  };
  return [
    ...tests.cases.map((item, index) =>
      caseOf(
        `mmcv test ${index}`,
        {
          outputSize: tests.pool,
          samplingRatio: tests.sampling_ratio,
          aligned: tests.aligned,
        },
        [{ values: packed(item.input), spatialScale: tests.spatial_scale }],
        Float32Array.from(item.rois.flat()),
        {
          y: nchwToNhwc(packed(item.output)).data,
          grads: [nchwToNhwc(packed(item.grad_of_sum)).data],
          tolerance: tests.atol,
        },
      ),
    ),
    ...computed.map((item) =>
      caseOf(
        `mmcv computed, sampling ratio ${item.sampling_ratio}, aligned ${item.aligned}`,
        {
          outputSize: item.output_size,
          samplingRatio: item.sampling_ratio,
          aligned: item.aligned,
        },
        [{ values: input, spatialScale: item.spatial_scale }],
        Float32Array.from(computed_input.rois.flat()),
        {
          y: nchwToNhwc(packed(item.output)).data,
          grads: [nchwToNhwc(packed(item.grad_of_sum)).data],
        },
      ),
    ),
  ];
}
