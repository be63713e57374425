import { expect, test } from 'vitest';
import { z } from 'zod';
import { rng } from '../../base/rng.ts';
import { readIntTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { describeOnGpu, gpuTest } from '../host/describe-on-backends.ts';
import { readOracleJson } from '../oracle/casepack.ts';
import { clusteredBoxes } from './clustered-boxes.ts';
import type { BoxSet } from './clustered-boxes.ts';
import { nmsReference } from './nms.reference.ts';
import { nms, nmsOfImages } from './nms.ts';

/** What `nmsOfImages` keeps of sets of any sizes, padded to one with absent boxes. */
async function keptOnGpu(
  sets: readonly BoxSet[],
  iouThreshold: number,
  maxOut: number,
  classAgnostic = false,
): Promise<number[][]> {
  const batch = sets.length;
  const count = Math.max(...sets.map(({ scores }) => scores.length));
  const boxes = new Float32Array(batch * count * 4);
  const scores = new Float32Array(batch * count);
  const classes = new Int32Array(batch * count).fill(-1);
  for (const [image, own] of sets.entries()) {
    boxes.set(own.boxes, image * count * 4);
    scores.set(own.scores, image * count);
    classes.set(own.classes ?? new Int32Array(own.scores.length), image * count);
  }
  const inputs = {
    boxes: tf.tensor3d(boxes, [batch, count, 4]),
    scores: tf.tensor2d(scores, [batch, count]),
    classes: tf.tensor2d(classes, [batch, count], 'int32'),
  };
  const result = nmsOfImages({ ...inputs, iouThreshold, maxOut, classAgnostic });
  const keep = await readIntTensor(result.keep);
  const counts = await readIntTensor(result.counts);
  tf.dispose([...Object.values(inputs), result.keep, result.counts]);
  return sets.map((_, image) => {
    const begin = image * maxOut;
    const end = begin + (counts[image] ?? 0);
    expect(keep.subarray(end, begin + maxOut).every((index) => index === -1)).toBe(true);
    return Array.from(keep.subarray(begin, end));
  });
}

function kept({ boxes, scores, classes }: BoxSet, iouThreshold: number, maxOut: number): number[] {
  return nmsReference(boxes, scores, classes, iouThreshold).slice(0, maxOut);
}

/** Corners, scores and classes of few values, so that ties, equal boxes, touching ones and boxes of no area abound. */
function coarseSet(seed: number): BoxSet {
  const random = rng(seed, 1);
  const count = random.int(1, 301);
  const side = random.int(2, 40);
  const levels = random.int(1, 60);
  const classes = random.int(1, 9);
  const boxes = Array.from({ length: count }, () => {
    const x = random.int(0, side);
    const y = random.int(0, side);
    return [x, y, x + random.int(0, 12), y + random.int(0, 12)];
  });
  return {
    boxes: Float32Array.from(boxes.flat()),
    scores: Float32Array.from({ length: count }, () => random.int(0, levels) / levels),
    classes: Int32Array.from({ length: count }, () => random.int(0, classes)),
  };
}

/** One square per pair of a chain whose overlaps lie a rounding step on either side of the threshold. */
function hairCase(): { set: BoxSet; expected: number[] } {
  const below = 5;
  const above = 5 + 2 ** -20;
  const boxes = [below, above].flatMap((height, pair) => [
    [pair * 100, 0, pair * 100 + 10, 10],
    [pair * 100, 0, pair * 100 + 10, height],
  ]);
  return {
    set: {
      boxes: Float32Array.from(boxes.flat()),
      scores: Float32Array.from([0.9, 0.8, 0.7, 0.6]),
      classes: null,
    },
    expected: [0, 1, 2],
  };
}

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;

describeOnGpu('nms, hardening', () => {
  // 20 dispatch groups of 50 cases; a threshold each.
  for (let group = 0; group < 20; group++) {
    const iouThreshold = [0, 0.1, 0.25, 0.3, 1 / 3, 0.45, 0.5, 0.6, 0.7, 0.9][group % 10] ?? 0.5;
    gpuTest(`50 random cases at ${iouThreshold}, number ${group}`, async () => {
      const seeds = Array.from({ length: 50 }, (_, index) => group * 50 + index);
      const sets = seeds.map((seed) =>
        seed % 2 === 0
          ? coarseSet(seed)
          : clusteredBoxes(seed, 1 + ((seed * 37) % 300), 1 + (seed % 5)),
      );
      const maxOut = group % 3 === 0 ? 37 : 300;
      const actual = await keptOnGpu(sets, iouThreshold, maxOut);
      for (const [index, set] of sets.entries()) {
        expect(actual[index], `seed ${seeds[index]}`).toEqual(kept(set, iouThreshold, maxOut));
      }
    });
  }

  for (const count of [1, 31, 32, 33, 63, 64, 65, 255, 256, 257]) {
    gpuTest(`${count} boxes, apart, together and disjoint`, async () => {
      const apart = clusteredBoxes(count, count, 3);
      const agnostic = { ...apart, classes: null };
      const disjoint: BoxSet = {
        boxes: Float32Array.from(
          { length: count * 4 },
          (_, at) => (at >> 2) * 3 + (at % 4 < 2 ? 0 : 2),
        ),
        scores: new Float32Array(count).fill(0.5),
        classes: null,
      };
      expect(await keptOnGpu([apart, disjoint], 0.5, count)).toEqual([
        kept(apart, 0.5, count),
        Array.from({ length: count }, (_, index) => index),
      ]);
      expect(await keptOnGpu([apart], 0.5, count, true)).toEqual([kept(agnostic, 0.5, count)]);
    });
  }

  gpuTest('no box at all', async () => {
    await tf.ready();
    const boxes = tf.zeros([0, 4]);
    const scores = tf.zeros([0]);
    const result = nms(boxes, scores, 0.5, 3);
    expect(Array.from(await readIntTensor(result.keep))).toEqual([-1, -1, -1]);
    expect(Array.from(await readIntTensor(result.count))).toEqual([0]);
    tf.dispose([boxes, scores, result.keep, result.count]);
  });

  gpuTest('2,049 boxes all alike: the first of the best', async () => {
    const set: BoxSet = {
      boxes: Float32Array.from({ length: 2049 * 4 }, (_, at) => (at % 4 < 2 ? 3 : 9)),
      scores: Float32Array.from({ length: 2049 }, (_, index) => (index % 700 === 699 ? 0.9 : 0.1)),
      classes: null,
    };
    expect(await keptOnGpu([set], 0.5, 2049)).toEqual([[699]]);
  });

  gpuTest('12,000 boxes, and 20,000 of which most are absent', async () => {
    const many = clusteredBoxes(5, 12_000, 1);
    // Few places, so that the slow twin compares with few kept boxes.
    const crowd: BoxSet = {
      ...many,
      boxes: many.boxes.map((value) => Math.round(value / 30) * 30),
    };
    expect(await keptOnGpu([crowd], 0.5, 12_000)).toEqual([kept(crowd, 0.5, 12_000)]);
    const few = clusteredBoxes(6, 20_000, 4);
    const sparse: BoxSet = {
      ...few,
      classes: (few.classes ?? new Int32Array()).map((id, index) => (index % 97 < 3 ? id : -1)),
    };
    expect(await keptOnGpu([sparse], 0.5, 100)).toEqual([kept(sparse, 0.5, 100)]);
  });

  gpuTest('IoU a hair on either side of the threshold', async () => {
    const { set, expected } = hairCase();
    expect(await keptOnGpu([set], 0.5, 4)).toEqual([expected]);
    expect(kept(set, 0.5, 4)).toEqual(expected);
  });

  gpuTest('NaN, infinite scores, boxes of no area and inverted ones among others', async () => {
    const base = clusteredBoxes(7, 130, 3);
    const set: BoxSet = {
      boxes: base.boxes.map((value, at) => (at % 53 === 0 ? NAN : value)),
      scores: base.scores.map((score, index) =>
        index % 17 === 0 ? NAN : index % 19 === 0 ? INF : index % 23 === 0 ? -INF : score,
      ),
      classes: base.classes,
    };
    for (let index = 0; index < 130; index += 11) {
      const at = index * 4;
      const [x1 = 0, y1 = 0, , y2 = 0] = set.boxes.subarray(at, at + 4);
      // No width, no area, and right before left.
      const changed = [x1, y1, x1, y2, x1, y1, x1, y1, x1, y1, x1 - 5, y2];
      set.boxes.set(changed.slice((index % 3) * 4, (index % 3) * 4 + 4), at);
    }
    for (const iouThreshold of [0, 0.5, 1]) {
      expect(await keptOnGpu([set], iouThreshold, 130)).toEqual([kept(set, iouThreshold, 130)]);
    }
  });

  gpuTest('a batch whose masks do not fit at once', async () => {
    // 12,000 boxes need 9 MB of mask each: 14 images at a time.
    const count = 12_000;
    const sets = Array.from({ length: 16 }, (_, image): BoxSet => {
      const some = clusteredBoxes(40 + image, 40, 2);
      const boxes = new Float32Array(count * 4);
      const classes = new Int32Array(count).fill(-1);
      const scores = new Float32Array(count);
      boxes.set(some.boxes, 400 * image);
      classes.set(some.classes ?? [], 100 * image);
      scores.set(some.scores, 100 * image);
      return { boxes, scores, classes };
    });
    const actual = await keptOnGpu(sets, 0.5, 40);
    for (const [image, set] of sets.entries()) expect(actual[image]).toEqual(kept(set, 0.5, 40));
  });
});

const numbers = z.array(z.number());
const file = z.object({
  multiclass_nms: z.object({
    multi_bboxes: z.array(numbers),
    multi_scores: z.array(numbers),
    score_thr: z.number(),
    nms: z.object({ iou_threshold: z.number() }),
    max_num: z.number(),
    dets: z.array(numbers),
    labels: numbers,
    inds: numbers,
  }),
});
const json = await readOracleJson('mmdet/nms.json');
test.skipIf(json === undefined)('mmdet/nms.json is there (skipped where absent)', () => {
  expect(file.parse(json).multiclass_nms.inds.length).toBe(10);
});

if (json !== undefined) {
  const oracle = file.parse(json).multiclass_nms;
  const numClasses = (oracle.multi_scores[0]?.length ?? 1) - 1;
  // One box per (row, class), the background's column dropped, absent where the score is too low.
  const flat = oracle.multi_scores.map((row) => row.slice(0, numClasses)).flat();
  const set: BoxSet = {
    boxes: Float32Array.from(oracle.multi_bboxes.flat()),
    scores: Float32Array.from(flat),
    classes: Int32Array.from(flat, (score, at) =>
      score > oracle.score_thr ? at % numClasses : -1,
    ),
  };
  const { iou_threshold: iouThreshold } = oracle.nms;
  test('mmdet’s multiclass_nms (reference)', () => {
    expect(kept(set, iouThreshold, oracle.max_num)).toEqual(oracle.inds);
  });
  describeOnGpu('multiclass_nms', () => {
    gpuTest('mmdet’s multiclass_nms', async () => {
      const [indices = []] = await keptOnGpu([set], iouThreshold, oracle.max_num);
      expect(indices).toEqual(oracle.inds);
      expect(indices.map((index) => set.classes?.[index])).toEqual(oracle.labels);
    });
  });
}
