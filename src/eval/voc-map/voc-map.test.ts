import { existsSync, readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePrecision, meanPrecisionAt } from './average-precision.ts';
import { evalMap } from './eval-map.ts';
import type { EvalImage, MapOptions } from './eval-map.ts';
import { byDescendingScore, legacyIou, matchDetections } from './match-detections.ts';
import { vocMetric } from './voc-metric.ts';

const MMDET = '../shared/oracle/mmdet/voc_map.json';
const VOC = '../shared/oracle/eval/voc';

interface MmdetOracle {
  dets_per_image_per_class_xyxys: number[][][][];
  annotations: {
    bboxes: number[][];
    labels: number[];
    bboxes_ignore: number[][];
    labels_ignore: number[];
  }[];
  cases: {
    eval_mode: 'area' | '11points';
    use_legacy_coordinate: boolean;
    iou_thr: number;
    mean_ap: number;
    per_class: {
      num_gts: number;
      num_dets: number;
      ap: number;
      recall: number[];
      precision: number[];
    }[];
  }[];
  average_precision: { recalls: number[]; precisions: number[]; area: number; p11: number }[];
}

describe.skipIf(!existsSync(MMDET))('MMDetection eval_map (../shared/oracle)', () => {
  const oracle: MmdetOracle = existsSync(MMDET)
    ? JSON.parse(readFileSync(MMDET, 'utf8'))
    : { dets_per_image_per_class_xyxys: [], annotations: [], cases: [], average_precision: [] };
  const images = oracle.annotations.map((gt, i): EvalImage => {
    const perClass = oracle.dets_per_image_per_class_xyxys[i] ?? [];
    const dets = perClass.flatMap((list, label) => list.map((det) => ({ det, label })));
    return {
      detections: {
        boxes: dets.flatMap(({ det }) => det.slice(0, 4)),
        scores: dets.map(({ det }) => det[4] ?? NaN),
        labels: dets.map(({ label }) => label),
      },
      groundTruth: {
        boxes: [...gt.bboxes, ...gt.bboxes_ignore].flat(),
        labels: [...gt.labels, ...gt.labels_ignore],
        flags: [...gt.bboxes.map(() => 0), ...gt.bboxes_ignore.map(() => 1)],
      },
    };
  });

  it.each(oracle.cases)('$eval_mode, legacy $use_legacy_coordinate, IoU $iou_thr', (wanted) => {
    const { meanAp, perClass } = evalMap(images, {
      numClasses: 2,
      iouThr: wanted.iou_thr,
      mode: wanted.eval_mode,
      legacyCoordinates: wanted.use_legacy_coordinate,
    });
    expect(meanAp).toBeCloseTo(wanted.mean_ap, 6);
    wanted.per_class.forEach((of, label) => {
      const got = perClass[label];
      expect(got?.numGts).toBe(of.num_gts);
      expect(got?.numDets).toBe(of.num_dets);
      expect(got?.ap).toBeCloseTo(of.ap, 6);
      expect(got?.recall.length).toBe(of.recall.length);
      of.recall.forEach((value, i) => expect(got?.recall[i]).toBeCloseTo(value, 6));
      of.precision.forEach((value, i) => expect(got?.precision[i]).toBeCloseTo(value, 6));
    });
  });

  it.each(oracle.average_precision)(
    'average_precision of $recalls',
    ({ recalls, precisions, area, p11 }) => {
      expect(averagePrecision(recalls, precisions, 'area')).toBeCloseTo(area, 6);
      expect(averagePrecision(recalls, precisions, '11points')).toBeCloseTo(p11, 6);
    },
  );
});

describe("MMDetection's own unit test", () => {
  // tests/test_metrics/test_mean_ap.py: boxes without scores, so the last coordinate is taken for one.
  const dets = [
    [0, 0, 10, 10],
    [10, 10, 20, 20],
    [32, 32, 38, 42],
  ];
  const gts = [
    [0, 0, 10, 20],
    [0, 10, 10, 19],
    [10, 10, 20, 20],
  ];
  const ignored = [
    [5, 5, 10, 20],
    [6, 10, 10, 19],
  ];
  const scores = dets.map(([, , , last = 0]) => last);

  it('tpfp_default', () => {
    const groundTruth = { boxes: [...gts, ...ignored].flat(), ignored: [0, 0, 0, 1, 1] };
    const matches = matchDetections({ boxes: dets.flat(), scores }, groundTruth, 0.5, 0);
    expect([...matches]).toEqual([1, 1, 0]);
  });

  it('eval_map', () => {
    const image: EvalImage = {
      detections: {
        boxes: [...dets, ...dets].flat(),
        scores: [...scores, ...scores],
        labels: [0, 0, 0, 1, 1, 1],
      },
      groundTruth: {
        boxes: [...gts, ...ignored].flat(),
        labels: [0, 1, 1, 0, 1],
        flags: [0, 0, 0, 1, 1],
      },
    };
    const options = { numClasses: 2, iouThr: 0.5, mode: 'area', legacyCoordinates: false } as const;
    const { meanAp } = evalMap([image, image], options);
    expect(meanAp).toBeGreaterThan(0.291);
    expect(meanAp).toBeLessThan(0.293);
  });
});

interface VocOracle {
  classes: string[];
  ground_truth: { image: string; class: string; bbox: number[]; difficult: boolean }[];
  detections: { image: string; class: string; bbox: number[]; score: number }[];
  expected: Record<
    string,
    {
      per_class: Record<
        string,
        {
          ap_area: number | null;
          ap_11: number | null;
          ap_11_arange: number | null;
          npos: number;
          tp: number;
          fp: number;
        }
      >;
      mAP_area: number | null;
      mAP_11: number | null;
      mAP_11_arange: number | null;
    }
  >;
}

function vocImages(oracle: VocOracle): EvalImage[] {
  // Images in the order of their first detection, so that equal scores keep the order of the list as far as they can.
  const names = [
    ...new Set([...oracle.detections, ...oracle.ground_truth].map(({ image }) => image)),
  ];
  return names.map((name) => {
    const dets = oracle.detections.filter(({ image }) => image === name);
    const gts = oracle.ground_truth.filter(({ image }) => image === name);
    const label = (of: { class: string }) => oracle.classes.indexOf(of.class);
    return {
      detections: {
        boxes: dets.flatMap(({ bbox }) => bbox),
        scores: dets.map(({ score }) => score),
        labels: dets.map(label),
      },
      groundTruth: {
        boxes: gts.flatMap(({ bbox }) => bbox),
        labels: gts.map(label),
        flags: gts.map(({ difficult }) => Number(difficult)),
      },
    };
  });
}

const vocFiles = existsSync(VOC) ? readdirSync(VOC).filter((name) => name.endsWith('.json')) : [];

describe.skipIf(vocFiles.length === 0)('VOC cases (../shared/oracle)', () => {
  const cases = vocFiles.flatMap((name) => {
    const oracle: VocOracle = JSON.parse(readFileSync(`${VOC}/${name}`, 'utf8'));
    return Object.keys(oracle.expected).map((variant) => ({ name, variant, oracle }));
  });

  it.each(cases)('$name $variant', ({ variant, oracle }) => {
    const [, iou = '', coordinates] = /^iou([\d.]+)_(plus1|continuous)$/.exec(variant) ?? [];
    const options = (mode: MapOptions['mode']): MapOptions => ({
      numClasses: oracle.classes.length,
      iouThr: Number(iou),
      mode,
      legacyCoordinates: coordinates === 'plus1',
    });
    const images = vocImages(oracle);
    const area = evalMap(images, options('area'));
    const eleven = evalMap(images, options('11points'));
    const wanted = oracle.expected[variant];
    const close = (got: number | null | undefined, value: number | null | undefined) => {
      if (value === null || value === undefined) expect(got).toBeNull();
      else expect(got).toBeCloseTo(value, 9);
    };
    close(area.meanAp, wanted?.mAP_area);
    close(eleven.meanAp, wanted?.mAP_11_arange);
    oracle.classes.forEach((name, label) => {
      const of = wanted?.per_class[name];
      const got = area.perClass[label];
      close(got?.ap, of?.ap_area);
      close(eleven.perClass[label]?.ap, of?.ap_11_arange);
      expect(got?.numGts).toBe(of?.npos);
      expect([got?.truePositives, got?.falsePositives]).toEqual([of?.tp, of?.fp]);
      if (got !== undefined && of?.ap_11 !== null && of?.ap_11 !== undefined) {
        const exact = Array.from({ length: 11 }, (_, i) => i / 10);
        expect(meanPrecisionAt(got.recall, got.precision, exact)).toBeCloseTo(of.ap_11, 9);
      }
    });
  });
});

describe('matching', () => {
  it('gives a ground truth to the best detection and lets ignored ones swallow any number', () => {
    const groundTruth = { boxes: [0, 0, 10, 10, 20, 0, 30, 10], ignored: [0, 1] };
    const detections = {
      boxes: [0, 0, 10, 9, 0, 0, 10, 10, 20, 0, 30, 10, 20, 0, 30, 9, 50, 50, 60, 60],
      scores: [0.5, 0.9, 0.8, 0.7, 0.6],
    };
    expect([...matchDetections(detections, groundTruth, 0.5, 0)]).toEqual([0, 1, 2, 2, 0]);
  });

  it('looks only at the ground truth of largest overlap, also when that one is taken', () => {
    // The second detection overlaps both; its best is taken, so it is false although the other is free.
    const groundTruth = { boxes: [0, 0, 10, 10, 4, 0, 14, 10], ignored: [0, 0] };
    const detections = { boxes: [0, 0, 10, 10, 1, 0, 11, 10], scores: [0.9, 0.8] };
    expect([...matchDetections(detections, groundTruth, 0.5, 0)]).toEqual([1, 0]);
  });

  it('prefers a counted ground truth over an ignored one of equal overlap', () => {
    const groundTruth = { boxes: [0, 0, 10, 10, 0, 0, 10, 10], ignored: [1, 0] };
    const detections = { boxes: [0, 0, 10, 10], scores: [1] };
    expect([...matchDetections(detections, groundTruth, 0.5, 0)]).toEqual([1]);
  });

  it('counts an overlap of exactly the threshold', () => {
    expect(legacyIou([0, 0, 10, 10], 0, [0, 0, 10, 5], 0, 0)).toBe(0.5);
    expect(legacyIou([0, 0, 9, 9], 0, [0, 0, 9, 4], 0, 1)).toBe(0.5);
    const groundTruth = { boxes: [0, 0, 10, 5], ignored: [0] };
    const detections = { boxes: [0, 0, 10, 10], scores: [1] };
    expect([...matchDetections(detections, groundTruth, 0.5, 0)]).toEqual([1]);
  });

  it('does not divide by zero for boxes without area', () => {
    expect(legacyIou([5, 5, 5, 5], 0, [5, 5, 5, 5], 0, 0)).toBe(0);
    expect(legacyIou([5, 5, 5, 5], 0, [5, 5, 5, 5], 0, 1)).toBe(1);
  });

  it('sorts NaN last and keeps the order of equals', () => {
    expect([...byDescendingScore([0.5, NaN, 0.9, 0.5, -Infinity, 0.9])]).toEqual([
      2, 5, 0, 3, 1, 4,
    ]);
  });
});

describe('evalMap', () => {
  const options: MapOptions = {
    numClasses: 2,
    iouThr: 0.5,
    mode: 'area',
    legacyCoordinates: false,
  };
  const boxesArb = fc.array(
    fc.tuple(
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 0, max: 1 }),
    ),
    { maxLength: 6 },
  );

  it('is 1 for the ground truth itself, whatever its order', () => {
    fc.assert(
      fc.property(boxesArb, (gts) => {
        const boxes = gts.flatMap(([cell], i) => [
          cell * 40 + i * 400,
          0,
          cell * 40 + i * 400 + 30,
          30,
        ]);
        const labels = gts.map(([, label]) => label);
        const image: EvalImage = {
          detections: { boxes, labels, scores: gts.map((_, i) => 1 / (i + 2)) },
          groundTruth: { boxes, labels, flags: gts.map(() => 0) },
        };
        const { meanAp } = evalMap([image], options);
        expect(meanAp).toBe(gts.length === 0 ? null : 1);
      }),
    );
  });

  it('does not rise when a false detection is added in front', () => {
    const image: EvalImage = {
      detections: { boxes: [0, 0, 10, 10], labels: [0], scores: [0.5] },
      groundTruth: { boxes: [0, 0, 10, 10], labels: [0], flags: [0] },
    };
    const worse: EvalImage = {
      ...image,
      detections: { boxes: [0, 0, 10, 10, 50, 50, 60, 60], labels: [0, 0], scores: [0.5, 0.9] },
    };
    expect(evalMap([image], options).meanAp).toBe(1);
    expect(evalMap([worse], options).meanAp).toBe(0.5);
  });

  it('leaves out labels that are no class', () => {
    const image: EvalImage = {
      detections: { boxes: [0, 0, 10, 10], labels: [7], scores: [0.5] },
      groundTruth: { boxes: [0, 0, 10, 10], labels: [-1], flags: [0] },
    };
    expect(
      evalMap([image], options).perClass.map(({ numGts, numDets }) => [numGts, numDets]),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('vocMetric', () => {
  const image: EvalImage = {
    detections: { boxes: [0, 0, 9, 9, 0, 0, 9, 5], labels: [0, 1], scores: [0.9, 0.8] },
    groundTruth: {
      boxes: [0, 0, 9, 9, 0, 0, 9, 9, 40, 40, 49, 49],
      labels: [0, 1, 1],
      flags: [0, 0, 0],
    },
  };

  it('names and rounds metrics as MMDetection does', () => {
    const { metrics, perClass, results } = vocMetric([image], {
      classes: ['cat', 'dog', 'bird'],
      iouThrs: [0.5, 0.75],
      evalMode: 'area',
    });
    // cat 1; dog finds one of two at IoU 0.6: AP 0.5, and nothing at 0.75; bird has no ground truth.
    expect(metrics).toEqual({
      'pascal_voc/mAP': 0.625,
      'pascal_voc/AP50': 0.75,
      'pascal_voc/AP75': 0.5,
    });
    expect(perClass).toEqual([
      { name: 'cat', ap: 1, numGts: 1, numDets: 1, recall: 1 },
      { name: 'dog', ap: 0.5, numGts: 2, numDets: 1, recall: 0.5 },
      { name: 'bird', ap: null, numGts: 0, numDets: 0, recall: null },
    ]);
    expect(results).toHaveLength(2);
  });

  it('says null where there is nothing to find', () => {
    const { metrics } = vocMetric([], { classes: ['cat'], iouThrs: [0.5], evalMode: '11points' });
    expect(metrics).toEqual({ 'pascal_voc/mAP': null, 'pascal_voc/AP50': null });
  });

  it('needs a threshold', () => {
    expect(() => vocMetric([], { classes: [], iouThrs: [], evalMode: 'area' })).toThrow(RangeError);
  });
});
