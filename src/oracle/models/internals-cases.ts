import type { PackedCase, PackedFields } from '../../ops/oracle/parse-casepack.ts';
import type { Comparison } from '../oracle-case.ts';
import { compareBoxes } from './evaluation-cases.ts';
import type { ModelFixture } from './fixture.ts';
import { matchBoxes, rowsAt } from './match-boxes.ts';
import type { ImageInternals, SecondStageInternals } from './model-under-test.ts';

function exact(what: string, got: ArrayLike<number>, want: ArrayLike<number>): Comparison {
  return { what, got, want, tolerance: 'exact' };
}

const BOXES = { absolute: 2e-3, relative: 1e-4 };
/** Deltas of boxes: their errors over the smallest standard deviation. */
const DELTAS = { absolute: 1e-3, relative: 1e-3 };

function count(values: readonly number[], fits: (value: number) => boolean): number {
  return values.filter(fits).length;
}

/** MMDetection's RetinaNet: −1 ignored, 0 background, k + 1 ground truth k. */
function denseComparisons(what: string, want: PackedFields, got: ImageInternals): Comparison[] {
  const { assigned } = got;
  return [
    exact(
      `${what} gt_inds`,
      assigned.map((gt) => gt + 1),
      want.values('gt_inds'),
    ),
    exact(`${what} num_pos`, [count(assigned, (gt) => gt >= 0)], want.values('num_pos')),
    exact(`${what} num_neg`, [count(assigned, (gt) => gt === -1)], want.values('num_neg')),
    exact(`${what} num_ignore`, [count(assigned, (gt) => gt === -2)], want.values('num_ignore')),
  ];
}

function second(internals: ImageInternals): SecondStageInternals {
  if (internals.second === null) throw new Error('this detector has no second stage');
  return internals.second;
}

/** Labels of a two-stage fixture are those of levels, or unknown. */
function wantedProposals(boxes: readonly number[], scores: readonly number[] | null) {
  const none = boxes.slice(0, boxes.length / 4).map(() => 0);
  return { boxes, scores: scores ?? none, labels: none };
}

function mmdetImage(
  what: string,
  want: PackedFields,
  got: ImageInternals,
  gtBoxes: readonly number[],
): Comparison[] {
  const { proposals, rois, matchedGt } = second(got);
  const wanted = wantedProposals(want.values('proposals'), want.values('proposal_scores'));
  const own = { ...proposals, labels: new Float32Array(proposals.scores.length) };
  const order = matchBoxes(wanted, own);
  const gts = gtBoxes.length / 4;
  // Ground truths come before the proposals, in the wanted order of these.
  const candidates = [...gtBoxes, ...rowsAt(own.boxes, order, 4)];
  const picked = indicesOf(rois, candidates);
  const split = (fits: (gt: number) => boolean) =>
    picked.filter((_, row) => fits(matchedGt[row] ?? -1)).toSorted((a, b) => a - b);
  return [
    exact(`${what} rpn_pos`, got.sampledPositives, want.values('rpn_pos')),
    exact(`${what} rpn_neg`, got.sampledNegatives, want.values('rpn_neg')),
    exact(
      `${what} rpn_assigned_pos`,
      [count(got.assigned, (gt) => gt >= 0)],
      want.values('rpn_assigned_pos'),
    ),
    exact(
      `${what} rpn_ignored`,
      [count(got.assigned, (gt) => gt === -2)],
      want.values('rpn_ignored'),
    ),
    ...compareBoxes(`${what} proposals`, wanted, own),
    exact(
      `${what} proposal_levels`,
      rowsAt(proposals.labels, order, 1),
      want.values('proposal_levels'),
    ),
    exact(
      `${what} roi_pos`,
      split((gt) => gt >= 0),
      want.values('roi_pos'),
    ),
    exact(
      `${what} roi_neg`,
      split((gt) => gt < 0),
      want.values('roi_neg'),
    ),
    exact(`${what} candidates`, [candidates.length / 4], [gts + wanted.scores.length]),
  ];
}

/** For each RoI the number of the candidate that it is, each used once. */
function indicesOf(rois: ArrayLike<number>, candidates: readonly number[]): number[] {
  const used = new Set<number>();
  return Array.from({ length: rois.length / 4 }, (_, row) => {
    for (let index = 0; index < candidates.length / 4; index++) {
      const equal = [0, 1, 2, 3].every((k) => rois[row * 4 + k] === candidates[index * 4 + k]);
      if (!equal || used.has(index)) continue;
      used.add(index);
      return index;
    }
    return -1;
  });
}

/** The sampled RoIs of all images one after the other. */
function mmdetBatch(want: PackedFields, got: readonly ImageInternals[]): Comparison[] {
  const stages = got.map(second);
  const rois = stages.flatMap(({ rois: boxes }, image) =>
    Array.from({ length: boxes.length / 4 }, (_, row) => [
      image,
      ...rowsAt(boxes, [row], 4),
    ]).flat(),
  );
  const positives = stages.flatMap(({ deltas, matchedGt }) =>
    matchedGt.flatMap((gt, row) => (gt < 0 ? [] : rowsAt(deltas, [row], 4))),
  );
  return [
    { what: 'rois', got: rois, want: want.values('rois'), tolerance: BOXES },
    exact(
      'roi_labels',
      stages.flatMap(({ labels }) => labels),
      want.values('roi_labels'),
    ),
    {
      what: 'roi_reg_targets',
      got: positives,
      want: want.values('roi_reg_targets'),
      tolerance: DELTAS,
    },
    exact(
      'roi_levels',
      stages.flatMap(({ levels }) => levels),
      want.values('roi_levels'),
    ),
  ];
}

/** torchvision's labels of anchors are 1 object, 0 background, −1 between. */
function torchvisionImage(packed: PackedCase, image: number, got: ImageInternals): Comparison[] {
  const of = (key: string) => Array.from(packed.arrays(key)[image]?.data ?? []);
  const { proposals, rois, labels, matchedGt, deltas } = second(got);
  const what = `image ${image}`;
  const wanted = wantedProposals(of('proposals_train'), null);
  const own = { ...proposals, labels: new Float32Array(proposals.scores.length) };
  return [
    exact(
      `${what} rpn_labels`,
      got.assigned.map((gt) => (gt >= 0 ? 1 : gt + 1)),
      of('rpn_labels'),
    ),
    exact(`${what} rpn_sampled_pos`, got.sampledPositives, of('rpn_sampled_pos')),
    exact(`${what} rpn_sampled_neg`, got.sampledNegatives, of('rpn_sampled_neg')),
    ...compareBoxes(`${what} proposals_train`, wanted, own, { scores: false }),
    { what: `${what} roi_boxes`, got: rois, want: of('roi_boxes'), tolerance: BOXES },
    exact(`${what} roi_labels`, labels, of('roi_labels')),
    // A negative's ground truth is its best there, clamped to 0, and has no meaning.
    exact(
      `${what} roi_matched_gt`,
      matchedGt.map((gt, row) => (gt < 0 ? (of('roi_matched_gt')[row] ?? -1) : gt)),
      of('roi_matched_gt'),
    ),
    {
      what: `${what} roi_reg_targets of positives`,
      got: positivesOf(deltas, matchedGt),
      want: positivesOf(of('roi_reg_targets'), matchedGt),
      tolerance: DELTAS,
    },
  ];
}

function positivesOf(values: ArrayLike<number>, matchedGt: readonly number[]): number[] {
  return matchedGt.flatMap((gt, row) => (gt < 0 ? [] : rowsAt(values, [row], 4)));
}

/** What the first step decided: indices exactly. */
export function compareInternals(
  packed: PackedCase,
  internals: readonly ImageInternals[],
  fixture: ModelFixture,
): Comparison[] {
  if (!packed.isList('per_image')) {
    return internals.flatMap((got, image) => torchvisionImage(packed, image, got));
  }
  const { targets } = fixture.inputs();
  return packed.list('per_image').flatMap((want, image) => {
    if (want.has('rois')) return mmdetBatch(want, internals);
    const got = internals[image];
    if (got === undefined) throw new Error(`no image ${image}`);
    const what = `image ${image}`;
    return want.has('gt_inds')
      ? denseComparisons(what, want, got)
      : mmdetImage(what, want, got, [...(targets[image]?.boxes ?? [])]);
  });
}
