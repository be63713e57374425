import { keepBestReference } from '../../ops/keep-best/keep-best.reference.ts';
import type { CandidateBox, DetectedBoxes } from '../../ops/keep-best/keep-best.reference.ts';
import { keepBest } from '../../ops/keep-best/keep-best.ts';
import type { NmsOptions } from '../../ops/keep-best/keep-best.ts';
import { softNmsReference } from '../../ops/soft-nms/soft-nms.reference.ts';
import { softNmsOfImages } from '../../ops/soft-nms/soft-nms.ts';
import type { SoftNmsOptions } from '../../ops/soft-nms/soft-nms.ts';
import { nmsReference } from '../../ops/nms/nms.reference.ts';
import { batchedNms, nms } from '../../ops/nms/nms.ts';
import { floats, ints, readOnGpu } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';
import { floatArray } from './boxes.ts';

export interface NmsInput {
  /** [N, 4], xyxy. */
  readonly boxes: Float32Array;
  readonly scores: Float32Array;
  /** Boxes of different classes do not suppress each other; null: all are of one class. */
  readonly classes: Int32Array | null;
  readonly iouThreshold: number;
}

/** Numbers of the kept boxes by descending score. */
export const nmsTwin: Twin<NmsInput, { readonly keep: ArrayLike<number> }> = {
  async webgpu({ boxes, scores, classes, iouThreshold }) {
    const [keep, count] = await readOnGpu(() => {
      const inputs = [floats(boxes, [scores.length, 4]), floats(scores, [scores.length])] as const;
      const result =
        classes === null
          ? nms(...inputs, iouThreshold)
          : batchedNms(...inputs, ints(classes, [classes.length]), iouThreshold);
      return [result.keep, result.count];
    });
    return { keep: keep?.data.subarray(0, count?.data[0]) ?? [] };
  },
  reference: ({ boxes, scores, classes, iouThreshold }) => ({
    keep: nmsReference(boxes, scores, classes, iouThreshold),
  }),
};

export interface SoftNmsInput {
  /** [N, 4], xyxy; all of one class. */
  readonly boxes: Float32Array;
  readonly scores: Float32Array;
  readonly options: SoftNmsOptions;
}

export interface SoftKept {
  /** Numbers of the kept boxes by descending weakened score. */
  readonly keep: ArrayLike<number>;
  /** The weakened scores. */
  readonly scores: ArrayLike<number>;
}

export const softNmsTwin: Twin<SoftNmsInput, SoftKept> = {
  async webgpu({ boxes, scores, options }) {
    const n = scores.length;
    const [keep, weakened, counts] = await readOnGpu(() => {
      const result = softNmsOfImages({
        boxes: floats(boxes, [1, n, 4]),
        scores: floats(scores, [1, n]),
        classes: null,
        maxOut: n,
        options,
      });
      return [result.keep, result.scores, result.counts];
    });
    const count = counts?.data[0];
    return {
      keep: keep?.data.subarray(0, count) ?? [],
      scores: weakened?.data.subarray(0, count) ?? [],
    };
  },
  reference: ({ boxes, scores, options }) =>
    softNmsReference(boxes, scores, null, scores.length, options),
};

export interface KeepBestInput {
  readonly candidates: readonly CandidateBox[];
  readonly nms: NmsOptions;
  readonly maxPerImg: number;
}

/** The last steps of every detector: NMS, and the best of what it leaves. */
export const keepBestTwin: Twin<KeepBestInput, DetectedBoxes> = {
  async webgpu({ candidates, nms, maxPerImg }) {
    const n = candidates.length;
    const [boxes, scores, labels, counts] = await readOnGpu(() => {
      const result = keepBest(
        {
          boxes: floats(
            candidates.flatMap(({ box }) => box),
            [1, n, 4],
          ).as3D(1, n, 4),
          scores: floats(
            candidates.map(({ score }) => score),
            [1, n],
          ).as2D(1, n),
          labels: ints(
            candidates.map(({ label }) => label),
            [1, n],
          ).as2D(1, n),
        },
        nms,
        maxPerImg,
        null,
      );
      return [result.boxes, result.scores, result.labels, result.counts];
    });
    const count = counts?.data[0] ?? 0;
    return {
      boxes: [...(boxes?.data.subarray(0, count * 4) ?? [])],
      scores: [...(scores?.data.subarray(0, count) ?? [])],
      labels: [...(labels?.data.subarray(0, count) ?? [])],
    };
  },
  reference: ({ candidates, nms, maxPerImg }) =>
    keepBestReference(candidates, nms, maxPerImg, null),
};

export const NMS_ADAPTERS: readonly OpAdapter[] = (['nms', 'batched_nms'] as const).map((op) =>
  opAdapter({
    op,
    input: (c) => ({
      boxes: floatArray(c, 'boxes'),
      scores: floatArray(c, 'scores'),
      classes: op === 'nms' ? null : Int32Array.from(c.array('idxs').data),
      iouThreshold: c.number('thr'),
    }),
    run: (input, backend) => runTwin(nmsTwin, backend, input),
    results: { keep: 'exact' },
  }),
);
