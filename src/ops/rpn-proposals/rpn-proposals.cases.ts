import type { HeadOutputs } from '../dense-candidates/dense-candidates.reference.ts';
import { randomHead } from '../dense-candidates/random-head.ts';
import type { DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import { readCasepack } from '../oracle/casepack.ts';
import type { PackedArray, PackedCase, PackedFields } from '../oracle/parse-casepack.ts';
import { headRows } from '../oracle/nchw.ts';
import type { RpnProposalsOptions } from './rpn-proposals.ts';

/** What is known of the answer. */
export type PartialBoxes = Pick<DetectedBoxes, 'boxes'> & Partial<DetectedBoxes>;

/** A test case of `rpnProposals`. */
export interface RpnCase {
  readonly name: string;
  /** All of one input size. */
  readonly images: readonly HeadOutputs[];
  readonly options?: RpnProposalsOptions;
  /** Labels are levels. */
  readonly expected?: readonly PartialBoxes[];
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const { NaN: NAN } = Number;

/** Level 0: two anchors at one place and one outside the image; level 1: one at the place of the first two. */
export const single: HeadOutputs = {
  anchors: Float32Array.from([0, 0, 10, 10, 0, 0, 10, 10, 50, 0, 60, 10, 0, 0, 10, 10]),
  levelSizes: [3, 1],
  numClasses: 1,
  logits: Float32Array.from([0, 1, 5, -200]),
  deltas: new Float32Array(16),
  imgShape: [40, 40],
  scaleFactor: null,
};
const first = { boxes: [0, 0, 10, 10, 0, 0, 10, 10], scores: [sigmoid(1), 0], labels: [0, 1] };

/** A head with coarse logits, so that scores tie, and every fifth anchor away. */
function tiedHead(seed: number): HeadOutputs {
  const head = randomHead(seed, 1);
  return {
    ...head,
    logits: head.logits.map((logit) => Math.round(logit * 2) / 2),
    valid: Int32Array.from({ length: head.logits.length }, (_, at) =>
      (at + seed) % 5 === 0 ? 0 : 1,
    ),
  };
}

export const cases: RpnCase[] = [
  {
    name: 'by hand: levels apart, clipped to no width, a score that underflows',
    images: [single],
    expected: [first],
  },
  {
    name: 'by hand: torchvision',
    images: [single],
    options: { rule: 'torchvision' },
    expected: [first],
  },
  {
    name: 'torchvision: scores from the threshold on',
    images: [{ ...single, logits: Float32Array.from([0, 0, 5, -1]) }],
    options: { rule: 'torchvision', scoreThr: 0.5, nmsIouThreshold: 1 },
    expected: [{ boxes: [0, 0, 10, 10, 0, 0, 10, 10], scores: [0.5, 0.5], labels: [0, 0] }],
  },
  {
    name: 'a side of exactly the least size: too small for MMDetection',
    images: [single],
    options: { minBboxSize: 10 },
    expected: [{ boxes: [], scores: [], labels: [] }],
  },
  {
    name: 'a side of exactly the least size: large enough for torchvision',
    images: [single],
    options: { rule: 'torchvision', minBboxSize: 10 },
    expected: [first],
  },
  {
    // The best of level 0 is outside: nothing else of that level is looked at.
    name: 'one anchor per level',
    images: [single],
    options: { nmsPre: 1 },
    expected: [{ boxes: [0, 0, 10, 10], scores: [0], labels: [1] }],
  },
  {
    name: 'saturated sigmoids tie for MMDetection: the lower anchor',
    images: [{ ...single, logits: Float32Array.from([40, 50, NAN, -1]) }],
    options: { nmsPre: 1, maxPerImg: 1 },
    expected: [{ boxes: [0, 0, 10, 10], scores: [1], labels: [0] }],
  },
  {
    name: 'an anchor that is not valid is not proposed',
    images: [{ ...single, valid: Int32Array.from([1, 0, 1, 0]) }],
    expected: [{ boxes: [0, 0, 10, 10], scores: [0.5], labels: [0] }],
  },
  { name: 'three images', images: [1, 2, 3].map((seed) => randomHead(seed, 1)) },
  {
    name: 'three images, torchvision',
    images: [4, 5, 6].map((seed) => randomHead(seed, 1)),
    options: { rule: 'torchvision', nmsPre: 40, maxPerImg: 30 },
  },
  {
    name: 'ties and anchors away',
    images: [7, 8].map(tiedHead),
    options: { nmsPre: 50, maxPerImg: 25, minBboxSize: 4 },
  },
];

interface FixtureSpec {
  readonly model: string;
  readonly options: RpnProposalsOptions;
  /** Key of the head's logits and deltas. */
  readonly keys: readonly [logits: string, deltas: string];
  readonly expected: (cases: readonly PackedCase[]) => readonly PartialBoxes[];
}

const caseOf = (pack: readonly PackedCase[], wanted: string) => {
  const found = pack.find(({ op }) => op === wanted);
  if (found === undefined) throw new Error(`fixture without ${wanted}`);
  return found;
};
const listOf = (fields: PackedFields, key: string) => Array.from(fields.array(key).data);
const boxesOnly = (boxes: readonly PackedArray[]): PartialBoxes[] =>
  boxes.map(({ data }) => ({ boxes: Array.from(data) }));
const rule = 'torchvision';
const fixtures: readonly FixtureSpec[] = [
  {
    model: 'mm_fasterrcnn_r26w8',
    options: { nmsPre: 300, maxPerImg: 60 },
    keys: ['cls', 'reg'],
    expected: (pack) =>
      caseOf(pack, 'roi_head')
        .list('images')
        .map((image) => ({
          boxes: listOf(image, 'proposals'),
          scores: listOf(image, 'proposal_scores'),
        })),
  },
  {
    model: 'mm_fasterrcnn_r26w8',
    options: { nmsPre: 400, maxPerImg: 100 },
    keys: ['cls', 'reg'],
    expected: (pack) =>
      caseOf(pack, 'train_internals')
        .list('per_image')
        .slice(0, 2)
        .map((image) => ({
          boxes: listOf(image, 'proposals'),
          scores: listOf(image, 'proposal_scores'),
          labels: listOf(image, 'proposal_levels'),
        })),
  },
  {
    model: 'tv_fasterrcnn_r18w16',
    options: { rule, nmsPre: 300, maxPerImg: 60 },
    keys: ['objectness', 'deltas'],
    expected: (pack) => boxesOnly(caseOf(pack, 'rpn').arrays('proposals')),
  },
  {
    model: 'tv_fasterrcnn_r18w16',
    options: { rule, nmsPre: 400, maxPerImg: 100 },
    keys: ['objectness', 'deltas'],
    expected: (pack) => boxesOnly(caseOf(pack, 'train_internals').arrays('proposals_train')),
  },
];
/** Names of the fixtures that are there. */
export const fixturesRead: string[] = [];
for (const { model, options, keys, expected } of fixtures) {
  const pack = await readCasepack(`models/${model}/fixture`);
  if (pack === undefined) continue;
  const head = caseOf(pack, 'rpn_head');
  const anchors = caseOf(pack, 'anchors');
  const levels = model.startsWith('mm') ? anchors.arrays('anchors') : [anchors.array('anchors')];
  const logits = head.arrays(keys[0]);
  fixturesRead.push(model);
  cases.push({
    name: `${model}, the best ${options.maxPerImg}`,
    images: [0, 1].map((image) => ({
      anchors: Float32Array.from(levels.flatMap(({ data }) => Array.from(data))),
      levelSizes: logits.map(
        ({ shape: [, depth = 0, height = 0, width = 0] }) => depth * height * width,
      ),
      numClasses: 1,
      logits: headRows(logits, image),
      deltas: headRows(head.arrays(keys[1]), image),
      imgShape: [128, 160],
      scaleFactor: null,
    })),
    options,
    expected: expected(pack),
  });
}
