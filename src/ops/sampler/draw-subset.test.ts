import { describe, expect, test } from 'vitest';
import { drawSubsetReference } from './draw-subset.reference.ts';

describe('drawSubset', () => {
  test('takes every candidate, and every pair of them, equally often', () => {
    const trials = 4000;
    const candidates = 20;
    const wanted = 5;
    const matched = Array.from({ length: candidates }, () => -1);
    const singles = new Map<string, number>();
    const pairs = new Map<string, number>();
    const count = (map: Map<string, number>, key: string) => map.set(key, (map.get(key) ?? 0) + 1);
    for (let step = 0; step < trials; step++) {
      const options = { num: wanted, posFraction: 0.5 };
      const { negatives } = drawSubsetReference(matched, options, [3, step], 0, 0);
      expect(negatives.length).toBe(wanted);
      for (const a of negatives) {
        count(singles, `${a}`);
        for (const b of negatives) if (a < b) count(pairs, `${a} ${b}`);
      }
    }
    // Within five standard deviations of a binomial count.
    const check = (counts: Map<string, number>, kinds: number, chance: number) => {
      expect(counts.size).toBe(kinds);
      const spread = 5 * Math.sqrt(trials * chance * (1 - chance));
      for (const value of counts.values()) {
        expect(Math.abs(value - trials * chance)).toBeLessThan(spread);
      }
    };
    check(singles, candidates, wanted / candidates);
    check(pairs, 190, (wanted * (wanted - 1)) / (candidates * (candidates - 1)));
  });

  test('draws differently by seed, step, image and purpose', () => {
    const matched = Array.from({ length: 1000 }, (_, index) => (index % 5 === 0 ? 0 : -1));
    const draw = (seed: number, step: number, image: number, purpose: number) =>
      drawSubsetReference(matched, { num: 64, posFraction: 0.5 }, [seed, step], image, purpose);
    const all = [
      draw(1, 2, 3, 0),
      draw(2, 2, 3, 0),
      draw(1, 3, 3, 0),
      draw(1, 2, 4, 0),
      draw(1, 2, 3, 1),
    ];
    expect(new Set(all.map((subset) => JSON.stringify(subset))).size).toBe(all.length);
    expect(draw(1, 2, 3, 0)).toEqual(all[0]);
  });
});
