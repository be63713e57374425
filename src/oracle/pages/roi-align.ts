import { z } from 'zod';
import type { PackedArray } from '../../ops/oracle/parse-casepack.ts';
import { roiAlignTwin } from '../ops/roi-align.ts';
import { roiLevelsTwin } from '../ops/roi-levels.ts';
import type { ResultKind } from '../judge.ts';
import type { OracleCase } from '../oracle-case.ts';
import { runTwin } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { close, exact, pageCase } from '../page-case.ts';
import { pair, rows } from '../page-schemas.ts';

const map4d = z.array(z.array(rows));

const options = z.object({
  spatial_scale: z.number(),
  sampling_ratio: z.number(),
  aligned: z.boolean(),
});

const pageSchema = z.object({
  from_tests: options.extend({
    pool: pair,
    atol: z.number(),
    cases: z.array(z.object({ input: map4d, rois: rows, output: map4d, grad_of_sum: map4d })),
  }),
  computed: z.array(options.extend({ output_size: pair, output: map4d, grad_of_sum: map4d })),
  computed_input: z.object({ formula: z.string(), rois: rows }),
  map_roi_levels: z
    .object({
      finest_scale: z.number(),
      num_levels: z.number(),
      rois: rows,
      levels: z.array(z.number()),
    })
    .optional(),
});

type Map4d = z.infer<typeof map4d>;

function packed(values: Map4d): PackedArray {
  const [image] = values;
  const shape = [
    values.length,
    image?.length ?? 0,
    image?.[0]?.length ?? 0,
    image?.[0]?.[0]?.length ?? 0,
  ];
  return { shape, data: Float32Array.from(values.flat(3)) };
}

interface Pooling extends z.infer<typeof options> {
  readonly name: string;
  readonly map: PackedArray;
  readonly rois: readonly (readonly number[])[];
  readonly outputSize: readonly [number, number];
  readonly output: Map4d;
  readonly gradient: Map4d;
  readonly kind: ResultKind;
}

/** The gradient is of the sum of all outputs. */
function poolingCase(item: Pooling): OracleCase {
  const output = packed(item.output);
  return pageCase({
    op: 'roi_align',
    name: item.name,
    wanted: {
      output: close(output.data, item.kind),
      grad_of_sum: close(item.gradient.flat(3), item.kind),
    },
    async run(backend) {
      const { y, grads } = await runTwin(roiAlignTwin, backend, {
        features: [item.map],
        scales: [item.spatial_scale],
        rois: Float32Array.from(item.rois.flat()),
        levels: new Int32Array(item.rois.length),
        outputSize: item.outputSize,
        samplingRatio: item.sampling_ratio,
        aligned: item.aligned,
        gradOut: { shape: output.shape, data: new Float32Array(output.data.length).fill(1) },
      });
      return { output: y, grad_of_sum: grads[0] ?? [] };
    },
  });
}

/** `x[i]=sin(0.37*i) flattened NCHW (2,2,6,8)` */
function formulaMap(formula: string): PackedArray {
  const found = /sin\(([\d.]+)\*i\).*\(([\d, ]+)\)/.exec(formula);
  if (found === null) throw new Error(`roi_align: the formula ${formula} is not understood`);
  const [, factor = '', sizes = ''] = found;
  const shape = sizes.split(',').map(Number);
  const length = shape.reduce((product, side) => product * side, 1);
  return { shape, data: Float32Array.from({ length }, (_, i) => Math.sin(Number(factor) * i)) };
}

/** mmcv's own RoIAlign tests, more by the same kernel, and MMDetection's choice of a level. */
export const roiAlignPage: OraclePage = {
  page: 'roi_align',
  cases(document) {
    const page = pageSchema.parse(document);
    const { from_tests: tests, computed_input: input, map_roi_levels: levels } = page;
    const map = formulaMap(input.formula);
    return [
      ...tests.cases.map((item, index) =>
        poolingCase({
          ...tests,
          name: `from_tests ${index}`,
          map: packed(item.input),
          rois: item.rois,
          outputSize: tests.pool,
          output: item.output,
          gradient: item.grad_of_sum,
          kind: { absolute: tests.atol, relative: 0 },
        }),
      ),
      ...page.computed.map((item) =>
        poolingCase({
          ...item,
          name: `computed, sampling_ratio ${item.sampling_ratio}, aligned ${item.aligned}`,
          map,
          rois: input.rois,
          outputSize: item.output_size,
          gradient: item.grad_of_sum,
          kind: 'close',
        }),
      ),
      ...(levels === undefined ? [] : [levelsCase(levels)]),
    ];
  },
};

function levelsCase(item: NonNullable<z.infer<typeof pageSchema>['map_roi_levels']>): OracleCase {
  return pageCase({
    op: 'map_roi_levels',
    name: 'map_roi_levels',
    wanted: { levels: exact(item.levels) },
    run: async (backend) => ({
      levels: await runTwin(roiLevelsTwin, backend, {
        boxes: item.rois.flatMap((roi) => roi.slice(1)),
        rule: {
          rule: 'mmdetection',
          finestScale: item.finest_scale,
          numLevels: item.num_levels,
        },
      }),
    }),
  });
}
