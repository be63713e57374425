import { headRows } from '../../ops/oracle/nchw.ts';
import type { PackedCase, PackedFields } from '../../ops/oracle/parse-casepack.ts';
import type { Comparison, Tolerance } from '../oracle-case.ts';
import { compareMap, exactly, joined } from './compare-arrays.ts';
import type { ModelFixture } from './fixture.ts';
import { matchBoxes, rowsAt } from './match-boxes.ts';
import type { Evaluation, FoundBoxes, PlainArray } from './model-under-test.ts';

/** Compares one case of a fixture with what the model computed in evaluation mode. */
export type CompareEvaluation = (
  packed: PackedCase,
  evaluation: Evaluation,
  fixture: ModelFixture,
) => Comparison[];

/** Boxes in pixels, through two rounds of exponentials. */
const BOXES: Tolerance = { absolute: 2e-3, relative: 1e-4 };
const SCORES: Tolerance = { absolute: 1e-5, relative: 1e-4 };

/** Arrays or summaries of a list in a case. */
function parts(packed: PackedFields, key: string): readonly PackedFields[] {
  return packed.list(key);
}

function compareMaps(
  what: string,
  got: readonly PlainArray[],
  want: readonly PackedFields[],
): Comparison[] {
  return [
    { what: `${what} count`, got: [got.length], want: [want.length], tolerance: 'exact' },
    ...want.flatMap((fields, i) => {
      const map = got[i];
      return map === undefined ? [] : compareMap(`${what} ${i}`, map, fields);
    }),
  ];
}

const inputs: CompareEvaluation = (packed, { normalised }) =>
  compareMap('x', normalised, packed.fields('x'));

/** `c2` … `c5`, or torchvision's layers from `c0`; those that the neck reads. */
const backbone: CompareEvaluation = (packed, { backbone: maps }) => {
  const keys = packed.keys().filter((key) => /^c\d$/.test(key));
  return compareMaps(
    'backbone',
    maps.slice(maps.length - keys.length),
    keys.map((key) => packed.fields(key)),
  );
};

const fpn: CompareEvaluation = (packed, { pyramid }) =>
  compareMaps('fpn', pyramid, parts(packed, 'maps'));

const anchors: CompareEvaluation = (packed, { anchors: levels }) => {
  const plain = levels.map((data) => ({ shape: [data.length / 4, 4], data }));
  if (packed.isList('anchors')) {
    return exactly(compareMaps('anchors', plain, parts(packed, 'anchors')));
  }
  const count = plain.reduce((sum, { data }) => sum + data.length / 4, 0);
  return exactly(compareMap('anchors', joined(plain, [count, 4]), packed.fields('anchors')));
};

/** Per level as maps, or (torchvision's RetinaNet) all anchors of an image as rows. */
const head: CompareEvaluation = (packed, { cls, reg }) => {
  if (packed.isList('cls')) {
    return [
      ...compareMaps('cls', cls, parts(packed, 'cls')),
      ...compareMaps('reg', reg, parts(packed, 'reg')),
    ];
  }
  const logits = packed.fields('cls_logits');
  const boxes = packed.fields('bbox_regression');
  return [
    ...compareMap('cls_logits', allRows(cls, logits.numbers('shape')), logits),
    ...compareMap('bbox_regression', allRows(reg, boxes.numbers('shape')), boxes),
  ];
};

function allRows(levels: readonly PlainArray[], shape: readonly number[]): PlainArray {
  const [batch = 0] = shape;
  const rows = Array.from({ length: batch }, (_, image) => ({
    shape: [],
    data: headRows(levels, image),
  }));
  return joined(rows, shape);
}

const rpnHead: CompareEvaluation = (packed, { cls, reg }) => {
  const [clsKey, regKey] = packed.has('objectness')
    ? (['objectness', 'deltas'] as const)
    : (['cls', 'reg'] as const);
  return [
    ...compareMaps('cls', cls, parts(packed, clsKey)),
    ...compareMaps('reg', reg, parts(packed, regKey)),
  ];
};

/** Boxes of which only the places are known. */
function placesOnly(boxes: ArrayLike<number>): FoundBoxes {
  const none = new Float32Array(boxes.length / 4);
  return { boxes, scores: none, labels: none };
}

function withoutLabels({ boxes, scores }: FoundBoxes): FoundBoxes {
  return { boxes, scores, labels: new Float32Array(scores.length) };
}

/** torchvision's proposals, boxes alone. */
const rpn: CompareEvaluation = (packed, { rois }) =>
  packed.arrays('proposals').flatMap(({ data }, image) => {
    const got = withoutLabels(rois[image]?.proposals ?? placesOnly([]));
    return compareBoxes(`image ${image}`, placesOnly(data), got, { scores: false });
  });

/** Wanted and found boxes in the wanted order. */
export function compareBoxes(
  what: string,
  want: FoundBoxes,
  got: FoundBoxes,
  { scores = true }: { readonly scores?: boolean } = {},
): Comparison[] {
  const order = matchBoxes(want, got);
  return [
    {
      what: `${what} count`,
      got: [got.scores.length],
      want: [want.scores.length],
      tolerance: 'exact',
    },
    {
      what: `${what} boxes`,
      got: rowsAt(got.boxes, order, 4),
      want: want.boxes,
      tolerance: BOXES,
    },
    ...(scores
      ? [
          {
            what: `${what} scores`,
            got: rowsAt(got.scores, order, 1),
            want: want.scores,
            tolerance: SCORES,
          },
        ]
      : []),
  ];
}

/** Rows of an array in another order. */
function reordered({ shape, data }: PlainArray, order: readonly number[]): PlainArray {
  const width = shape.slice(1).reduce((product, side) => product * side, 1);
  return { shape: [order.length, ...shape.slice(1)], data: rowsAt(data, order, width) };
}

/** MMDetection's second stage: image by image, with its proposals. */
const mmdetRoiHead: CompareEvaluation = (packed, { rois }) =>
  packed.list('images').flatMap((image, index) => {
    const own = rois[index];
    if (own === undefined) throw new Error(`no second stage of image ${index}`);
    const want = {
      boxes: image.values('proposals'),
      scores: image.values('proposal_scores'),
      labels: new Float32Array(image.values('proposal_scores').length),
    };
    const got = withoutLabels(own.proposals);
    const order = matchBoxes(want, got);
    const what = `image ${index}`;
    const wantedLevels = image.values('roi_levels');
    return [
      ...compareBoxes(`${what} proposals`, want, got),
      {
        what: `${what} roi_levels`,
        got: rowsAt(own.levels, order, 1),
        want: wantedLevels,
        tolerance: 'exact' as const,
      },
      ...compareMap(
        `${what} roi_features`,
        reordered(own.features, order),
        image.fields('roi_features'),
      ),
      ...compareMap(`${what} cls_score`, reordered(own.clsScore, order), image.fields('cls_score')),
      ...compareMap(`${what} bbox_pred`, reordered(own.bboxPred, order), image.fields('bbox_pred')),
    ];
  });

/** torchvision's second stage: the proposals of all images one after the other, as the case `rpn` has them. */
const torchvisionRoiHead: CompareEvaluation = (packed, { rois }, fixture) => {
  const proposals = fixture.caseOf('rpn').arrays('proposals');
  const ordered = rois.map((own, image) => {
    const want = placesOnly(proposals[image]?.data ?? []);
    const order = matchBoxes(want, withoutLabels(own.proposals));
    return {
      features: reordered(own.features, order),
      clsScore: reordered(own.clsScore, order),
      bboxPred: reordered(own.bboxPred, order),
    };
  });
  const compare = (key: string, of: (own: (typeof ordered)[number]) => PlainArray) => {
    if (!packed.has(key)) return [];
    const fields = packed.fields(key);
    return compareMap(key, joined(ordered.map(of), fields.numbers('shape')), fields);
  };
  return [
    ...compare('roi_features', ({ features }) => features),
    ...compare('class_logits', ({ clsScore }) => clsScore),
    ...compare('box_regression', ({ bboxPred }) => bboxPred),
  ];
};

const roiHead: CompareEvaluation = (packed, evaluation, fixture) =>
  (packed.isList('images') ? mmdetRoiHead : torchvisionRoiHead)(packed, evaluation, fixture);

const detections: CompareEvaluation = (packed, { detections: found }, { labelOffset }) =>
  packed.list('images').flatMap((image, index) => {
    const own = found[index];
    if (own === undefined) throw new Error(`no detections of image ${index}`);
    const want = {
      boxes: image.values('boxes'),
      scores: image.values('scores'),
      labels: image.values('labels').map((label) => label - labelOffset),
    };
    return compareBoxes(`image ${index}`, want, own);
  });

/** The cases that a pass in evaluation mode answers, by op. */
export const EVALUATION_CASES: Readonly<Record<string, CompareEvaluation>> = {
  inputs,
  backbone,
  fpn,
  anchors,
  head,
  rpn_head: rpnHead,
  rpn,
  roi_head: roiHead,
  detections,
};
