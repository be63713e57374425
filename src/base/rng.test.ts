import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rng } from './rng.ts';

describe('rng', () => {
  it('gives the same stream for the same counters and another for others', () => {
    const draw = (...key: [number, ...number[]]): number[] => {
      const r = rng(...key);
      return Array.from({ length: 8 }, () => r.uint32());
    };
    expect(draw(1, 2, 3)).toEqual(draw(1, 2, 3));
    const keys: [number, ...number[]][] = [
      [1],
      [1, 0],
      [1, 0, 0],
      [0, 1],
      [2, 3, 1],
      [1, 2, 3],
      [1, 3, 2],
      [-1],
      [2 ** 32 + 1],
    ];
    expect(new Set(keys.map((key) => draw(...key).join())).size).toBe(keys.length);
  });

  it('is pinned: these numbers may not change, or saved runs no longer resume', () => {
    const r = rng(42, 7);
    expect([r.uint32(), r.uint32(), r.uint32(), r.uint32()]).toMatchInlineSnapshot(`
      [
        2227232401,
        197143238,
        1265558677,
        1159174286,
      ]
    `);
  });

  it('is uniform over neighbouring counters (first draw of 40 000 streams, 64 bins, chi-square)', () => {
    const bins = new Float64Array(64);
    const streams = 40_000;
    for (let i = 0; i < streams; i++) {
      const bin = Math.floor(rng(0, 3, i).float() * 64);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const expected = streams / 64;
    const chi2 = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 63 degrees of freedom: 30 … 110 holds with p > 0.9995
    expect(chi2).toBeGreaterThan(30);
    expect(chi2).toBeLessThan(110);
  });

  it('has uncorrelated successive draws', () => {
    const r = rng(5);
    const xs = Array.from({ length: 50_000 }, () => r.float() - 0.5);
    let product = 0;
    for (let i = 1; i < xs.length; i++) product += (xs[i] ?? 0) * (xs[i - 1] ?? 0);
    expect(Math.abs(product / xs.length) * 12).toBeLessThan(0.02);
  });

  it('permutes: every index once', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, n) => {
        expect([...rng(seed, 1).permutation(n)].toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: n }, (_, i) => i),
        );
      }),
    );
  });

  it('draws integers within bounds and refuses empty ranges', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 1, max: 2000 }),
        (seed, low, span) => {
          const drawn = rng(seed).int(low, low + span);
          expect(drawn).toBeGreaterThanOrEqual(low);
          expect(drawn).toBeLessThan(low + span);
        },
      ),
    );
    expect(() => rng(1).int(3, 3)).toThrow(RangeError);
    expect(() => rng(0.5)).toThrow(RangeError);
  });

  it('draws normals with mean 0, variance 1 and normal tails', () => {
    const r = rng(9);
    const xs = Array.from({ length: 100_000 }, () => r.normal());
    const mean = xs.reduce((a, b) => a + b) / xs.length;
    const variance = xs.reduce((a, b) => a + b * b, 0) / xs.length;
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    // P(|x| > 1.959964) = 0.05, P(|x| > 2.575829) = 0.01
    expect(
      Math.abs(xs.filter((x) => Math.abs(x) > 1.959964).length / xs.length - 0.05),
    ).toBeLessThan(0.003);
    expect(
      Math.abs(xs.filter((x) => Math.abs(x) > 2.575829).length / xs.length - 0.01),
    ).toBeLessThan(0.0015);
  });
});
