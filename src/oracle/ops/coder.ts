import { bboxTargetsReference } from '../../ops/anchor-targets/bbox-targets.reference.ts';
import { bboxTargets } from '../../ops/anchor-targets/bbox-targets.ts';
import { decodeReference } from '../../ops/delta-coder/delta-coder.reference.ts';
import type { HeightWidthPair } from '../../ops/delta-coder/delta-coder.reference.ts';
import { decodeDeltas } from '../../ops/delta-coder/delta-coder.ts';
import type {
  DecodeOptions,
  DeltaCoderOptions,
  FourNumbers,
} from '../../ops/delta-coder/delta-coder.ts';
import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { floats, ints, readOneOnGpu } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';

export interface EncodeInput {
  /** [N, 4] each, xyxy: the deltas lead from each anchor to the box of the same row. */
  readonly anchors: ArrayLike<number>;
  readonly boxes: ArrayLike<number>;
  readonly options: DeltaCoderOptions;
}

/** Deltas [N, 4]; on the GPU by the kernel that makes regression targets, each anchor assigned to its own row. */
export const encodeTwin: Twin<EncodeInput, ArrayLike<number>> = {
  async webgpu({ anchors, boxes, options }) {
    const n = anchors.length / 4;
    if (n === 0) return [];
    const { data } = await readOneOnGpu(() =>
      bboxTargets(
        floats(anchors, [n, 4]),
        floats(boxes, [1, n, 4]),
        ints(rows(n), [1, n]),
        options,
      ),
    );
    return data;
  },
  reference: ({ anchors, boxes, options }) =>
    bboxTargetsReference(anchors, boxes, rows(anchors.length / 4), options),
};

export interface DecodeInput {
  /** [N, 4], xyxy. */
  readonly anchors: ArrayLike<number>;
  /** [N, 4] */
  readonly deltas: ArrayLike<number>;
  /** Height and width to clip to; null does not clip. */
  readonly maxShape: HeightWidthPair | null;
  readonly options: DecodeOptions;
}

/** Boxes [N, 4], xyxy. */
export const decodeTwin: Twin<DecodeInput, ArrayLike<number>> = {
  async webgpu({ anchors, deltas, maxShape, options }) {
    const n = anchors.length / 4;
    if (n === 0) return [];
    const { data } = await readOneOnGpu(() =>
      decodeDeltas(
        floats(anchors, [n, 4]),
        floats(deltas, [1, n, 4]),
        maxShape === null ? null : floats(maxShape, [1, 2]),
        { ...options, clipBorder: maxShape !== null },
      ),
    );
    return data;
  },
  reference: ({ anchors, deltas, maxShape, options }) =>
    decodeReference(anchors, deltas, maxShape, options),
};

function rows(count: number): number[] {
  return Array.from({ length: count }, (_, row) => row);
}

/** Torchvision's `BoxCoder`: weights divide, and dw, dh are limited from above only. */
function torchvisionOptions(weights: readonly number[], clip: number): DecodeOptions {
  const [x = 1, y = 1, w = 1, h = 1] = weights;
  return {
    stds: [1 / x, 1 / y, 1 / w, 1 / h],
    whRatioClip: Math.exp(-clip),
    clampAboveOnly: true,
  };
}

/** Torchvision's default limit of dw and dh. */
const LN_1000_OVER_16 = Math.log(1000 / 16);

interface TorchvisionInput {
  readonly anchors: readonly number[];
  readonly gts: readonly number[];
  readonly deltas: readonly number[];
  /** Deltas per anchor; their boxes follow one another. */
  readonly perAnchor: number;
  readonly options: DecodeOptions;
}

function torchvisionInput(c: PackedCase): TorchvisionInput {
  const anchors = c.values('anchors');
  const deltas = c.values('deltas');
  const clip = c.has('clip') ? c.number('clip') : LN_1000_OVER_16;
  return {
    anchors,
    gts: c.has('gts') ? c.values('gts') : [],
    deltas,
    perAnchor: anchors.length === 0 ? 1 : deltas.length / anchors.length,
    options: torchvisionOptions(c.numbers('weights'), clip),
  };
}

function decodeEach({ anchors, deltas, perAnchor, options }: TorchvisionInput): DecodeInput {
  const repeated = rows(anchors.length / 4).flatMap((row) =>
    rows(perAnchor).flatMap(() => anchors.slice(row * 4, row * 4 + 4)),
  );
  return { anchors: repeated, deltas, maxShape: null, options };
}

function encodeGts({ anchors, gts, options }: TorchvisionInput): EncodeInput {
  return { anchors: gts.length === 0 ? [] : anchors, boxes: gts, options };
}

const torchvisionAdapters = ['tv_box_coder', 'tv_box_coder_multi'].map((op) =>
  opAdapter({
    op,
    input: torchvisionInput,
    run: async (input, backend) => ({
      encoded: await runTwin(encodeTwin, backend, encodeGts(input)),
      decoded: await runTwin(decodeTwin, backend, decodeEach(input)),
    }),
    results: { encoded: 'sum', decoded: 'sum' },
  }),
);

interface MmdetInput {
  readonly encode: EncodeInput;
  readonly clipped: DecodeInput;
}

function fourNumbers(values: readonly number[]): FourNumbers {
  const [a, b, c, d] = values;
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new Error(`four numbers are needed, got ${values.length}`);
  }
  return [a, b, c, d];
}

const mmdetAdapter = opAdapter({
  op: 'mmdet_delta_coder',
  input(c): MmdetInput {
    const options = {
      means: fourNumbers(c.numbers('means')),
      stds: fourNumbers(c.numbers('stds')),
      whRatioClip: c.has('wh_ratio_clip') ? c.number('wh_ratio_clip') : 16 / 1000,
    };
    const anchors = c.values('anchors');
    return {
      encode: { anchors, boxes: c.values('gts'), options },
      clipped: {
        anchors,
        deltas: c.values('deltas'),
        maxShape: [c.number('max_h'), c.number('max_w')],
        options,
      },
    };
  },
  run: async ({ encode, clipped }, backend) => ({
    encoded: await runTwin(encodeTwin, backend, encode),
    decoded: await runTwin(decodeTwin, backend, clipped),
    decoded_unclipped: await runTwin(decodeTwin, backend, { ...clipped, maxShape: null }),
  }),
  results: { encoded: 'sum', decoded: 'sum', decoded_unclipped: 'sum' },
});

export const CODER_ADAPTERS: readonly OpAdapter[] = [...torchvisionAdapters, mmdetAdapter];
