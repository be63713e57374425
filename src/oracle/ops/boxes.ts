import { clipBoxes, xyxyToCxcywh, xyxyToXywh } from '../../boxes/convert.ts';
import { largeBoxes } from '../../boxes/large-boxes.ts';
import { boxIou } from '../../ops/box-iou/box-iou.ts';
import type { OverlapMode } from '../../ops/box-iou/box-iou.wgsl.ts';
import { boxIouMatrixReference } from '../../ops/box-iou/box-iou-matrix.reference.ts';
import { boxAreaReference } from '../../ops/box-iou/box-iou.reference.ts';
import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { floats, readOnGpu } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';

export interface BoxPair {
  /** [A, 4] and [B, 4], xyxy. */
  readonly a: Float32Array<ArrayBuffer>;
  readonly b: Float32Array<ArrayBuffer>;
}

const MODES: readonly OverlapMode[] = ['iou', 'giou', 'iof'];

/** All three overlaps of every box of `a` with every box of `b`, and the areas of `a`. */
export const boxOverlaps: Twin<BoxPair, Record<OverlapMode | 'area_a', ArrayLike<number>>> = {
  async webgpu({ a, b }) {
    const [iou, giou, iof] = await readOnGpu(() => {
      const boxes = [floats(a, [a.length / 4, 4]), floats(b, [b.length / 4, 4])] as const;
      return MODES.map((mode) => boxIou(...boxes, mode));
    });
    return {
      iou: iou?.data ?? [],
      giou: giou?.data ?? [],
      iof: iof?.data ?? [],
      area_a: areas(a),
    };
  },
  reference: ({ a, b }) => ({
    iou: boxIouMatrixReference(a, b, 'iou'),
    giou: boxIouMatrixReference(a, b, 'giou'),
    iof: boxIouMatrixReference(a, b, 'iof'),
    area_a: areas(a),
  }),
};

function areas(boxes: Float32Array): number[] {
  return Array.from({ length: boxes.length / 4 }, (_, index) => boxAreaReference(boxes, index));
}

export function floatArray(c: PackedCase, key: string): Float32Array<ArrayBuffer> {
  return Float32Array.from(c.array(key).data);
}

const boxIouAdapter = opAdapter({
  op: 'box_iou',
  input: (c) => ({ a: floatArray(c, 'a'), b: floatArray(c, 'b') }),
  run: (input, backend) => runTwin(boxOverlaps, backend, input),
  results: { iou: 'close', giou: 'close', iof: 'close', area_a: 'close' },
});

const clipBoxesAdapter = opAdapter({
  op: 'clip_boxes',
  input: (c) => ({
    boxes: floatArray(c, 'boxes'),
    width: c.number('width'),
    height: c.number('height'),
  }),
  run: ({ boxes, width, height }) => Promise.resolve({ out: clipBoxes(boxes, width, height) }),
  results: { out: 'close' },
  onHost: true,
});

const boxConvertAdapter = opAdapter({
  op: 'box_convert',
  input: (c) => floatArray(c, 'boxes'),
  run: (boxes) => Promise.resolve({ xywh: xyxyToXywh(boxes), cxcywh: xyxyToCxcywh(boxes) }),
  results: { xywh: 'close', cxcywh: 'close' },
  onHost: true,
});

const removeSmallBoxesAdapter = opAdapter({
  op: 'remove_small_boxes',
  input: (c) => ({ boxes: floatArray(c, 'boxes'), minSize: c.number('min_size') }),
  run: ({ boxes, minSize }) => Promise.resolve({ keep: largeBoxes(boxes, minSize) }),
  results: { keep: 'exact' },
  onHost: true,
});

export const BOX_ADAPTERS: readonly OpAdapter[] = [
  boxIouAdapter,
  clipBoxesAdapter,
  boxConvertAdapter,
  removeSmallBoxesAdapter,
];
