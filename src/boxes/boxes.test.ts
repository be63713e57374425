import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputBoxes, originalBoxes } from './box-types.ts';
import {
  clipBoxes,
  cxcywhToXyxy,
  flipBoxes,
  orientBoxes,
  projectBoxes,
  scaleBoxes,
  translateBoxes,
  xywhToXyxy,
  xyxyToCxcywh,
  xyxyToXywh,
} from './convert.ts';
import { pairwiseOverlaps } from './iou.ts';

const PACK = '../shared/oracle/ops/boxes';

/** Boxes on a grid of quarters: all sums and halves are exact in float32, so round trips must be exact. */
const boxes = fc
  .array(fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 4000 }))), {
    minLength: 1,
    maxLength: 20,
  })
  .map((rows) =>
    Float32Array.from(
      rows.flatMap(([x = 0, y = 0, w = 0, h = 0]) => [x, y, x + w, y + h].map((v) => v / 4)),
    ),
  );

describe('convert', () => {
  it('goes to other formats and back without loss', () => {
    fc.assert(
      fc.property(boxes, (b) => {
        expect(xywhToXyxy(xyxyToXywh(b))).toEqual(b);
        expect(cxcywhToXyxy(xyxyToCxcywh(b))).toEqual(b);
        for (const direction of ['horizontal', 'vertical', 'diagonal'] as const) {
          const flipped = flipBoxes(b, 2000, 1500, direction);
          expect(flipBoxes(flipped, 2000, 1500, direction)).toEqual(b);
        }
        expect(translateBoxes(translateBoxes(b, 7, -3), -7, 3)).toEqual(b);
        expect(scaleBoxes(scaleBoxes(b, 2, 0.5), 0.5, 2)).toEqual(b);
      }),
    );
  });

  it('turns EXIF frames: each orientation and its inverse, and sizes swap for 5 to 8', () => {
    const inverse = [0, 1, 2, 3, 4, 5, 8, 7, 6];
    fc.assert(
      fc.property(boxes, fc.integer({ min: 1, max: 8 }), (b, orientation) => {
        const turned = orientBoxes(b, orientation, 3000, 2500);
        const [w, h] = orientation >= 5 ? [2500, 3000] : [3000, 2500];
        expect(orientBoxes(turned, inverse[orientation] ?? 0, w, h)).toEqual(b);
      }),
    );
    // A box in the top left corner of a 320 × 240 photograph, held so that it must be turned clockwise: top right.
    expect([...orientBoxes(Float32Array.of(0, 0, 10, 20), 6, 320, 240)]).toEqual([220, 0, 240, 10]);
    expect([...orientBoxes(Float32Array.of(0, 0, 10, 20), 8, 320, 240)]).toEqual([0, 310, 20, 320]);
  });

  it('mirrors and projects (by hand)', () => {
    const box = Float32Array.of(1, 2, 4, 8);
    expect([...flipBoxes(box, 10, 20, 'horizontal')]).toEqual([6, 2, 9, 8]);
    expect([...flipBoxes(box, 10, 20, 'vertical')]).toEqual([1, 12, 4, 18]);
    expect([...flipBoxes(box, 10, 20, 'diagonal')]).toEqual([6, 12, 9, 18]);
    // a quarter turn and a shift by (10, 1): (x, y) → (10 − y, x + 1)
    expect([...projectBoxes(box, [0, -1, 10, 1, 0, 1, 0, 0, 1])]).toEqual([2, 2, 8, 5]);
  });

  it('clips to both edges inclusive', () => {
    expect([...clipBoxes(Float32Array.of(-5, 10, 500, 90), 400, 80)]).toEqual([0, 10, 400, 80]);
  });

  it('refuses arrays that are no boxes', () => {
    expect(() => xyxyToXywh(new Float32Array(5))).toThrow(RangeError);
    expect(() => originalBoxes(new Float32Array(3))).toThrow(RangeError);
    expect(() => inputBoxes(new Float32Array(7))).toThrow(RangeError);
  });
});

describe('pairwiseOverlaps', () => {
  it('computes hand-made cases', () => {
    // 10×10 with a 10×10 shifted by 5: intersection 50, union 150
    const a = Float32Array.of(0, 0, 10, 10);
    const b = Float32Array.of(5, 0, 15, 10, 0, 0, 10, 10, 10, 0, 20, 10, 3, 3, 3, 9, 0, 0, 20, 20);
    expect([...pairwiseOverlaps(a, b)]).toEqual([Math.fround(50 / 150), 1, 0, 0, 0.25]);
    expect([...pairwiseOverlaps(a, b, 'iof')]).toEqual([0.5, 1, 0, 0, 1]);
    expect(pairwiseOverlaps(a, new Float32Array(0))).toHaveLength(0);
    expect([...pairwiseOverlaps(Float32Array.of(1, 1, 1, 1), Float32Array.of(1, 1, 1, 1))]).toEqual(
      [0],
    );
  });

  it('is symmetric, within 0 … 1, and 1 only for equal boxes of some area', () => {
    fc.assert(
      fc.property(boxes, boxes, (a, b) => {
        const ab = pairwiseOverlaps(a, b);
        const ba = pairwiseOverlaps(b, a);
        for (let i = 0; i < a.length / 4; i++) {
          for (let j = 0; j < b.length / 4; j++) {
            const iou = ab[(i * b.length) / 4 + j] ?? -1;
            expect(iou).toBe(ba[(j * a.length) / 4 + i]);
            expect(iou >= 0 && iou <= 1).toBe(true);
          }
        }
      }),
    );
  });

  it.skipIf(!existsSync(`${PACK}.json`))(
    "agrees with torch's box_iou on ../shared/oracle/ops/boxes",
    () => {
      type Tensor = { shape: number[]; data?: (number | string)[]; off?: number };
      type Case = {
        op: string;
        name: string;
        a: Tensor;
        b: Tensor;
        iou: Tensor;
        nan_ok?: boolean;
        tol?: number;
      };
      const pack: { cases: Case[] } = JSON.parse(readFileSync(`${PACK}.json`, 'utf8'));
      const bin = readFileSync(`${PACK}.bin`);
      const read = (t: Tensor): Float32Array => {
        if (t.data !== undefined) return Float32Array.from(t.data.map(Number));
        const n = t.shape.reduce((p, q) => p * q, 1);
        return Float32Array.from({ length: n }, (_, i) => bin.readFloatLE((t.off ?? 0) + 4 * i));
      };
      const cases = pack.cases.filter((c) => c.op === 'box_iou');
      expect(cases.length).toBeGreaterThan(5);
      for (const c of cases) {
        const [ours, theirs] = [pairwiseOverlaps(read(c.a), read(c.b)), read(c.iou)];
        expect(ours.length, c.name).toBe(theirs.length);
        theirs.forEach((want, i) => {
          // 0/0 is NaN in torchvision and 0 in MMDetection, whose rule this is
          if (Number.isNaN(want)) expect(ours[i], `${c.name}[${i}]`).toBe(0);
          else
            expect(Math.abs((ours[i] ?? -1) - want), `${c.name}[${i}]`).toBeLessThanOrEqual(
              1e-6 + 1e-5 * want,
            );
        });
      }
    },
  );
});
