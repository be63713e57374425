import { describe, expect, it } from 'vitest';
import { CLASS_PALETTE, classColor, inkOn, relativeLuminance } from './class-colors.ts';

const FIRST_80 = Array.from({ length: 80 }, (_, index) => classColor(index));

describe('class colours', () => {
  it('are 20 fixed ones and then more, all different', () => {
    expect(CLASS_PALETTE.length).toBe(20);
    expect(new Set(FIRST_80).size).toBe(80);
    for (const color of FIRST_80) expect(color).toMatch(/^#[0-9a-f]{6}$/u);
  });

  it('stand out on the dark halo', () => {
    for (const color of FIRST_80) expect(relativeLuminance(color), color).toBeGreaterThan(0.18);
  });

  it('carry an ink that reads at 4.5 : 1 or better', () => {
    for (const color of FIRST_80) {
      const [a, b] = [relativeLuminance(color), relativeLuminance(inkOn(color))];
      expect((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), color).toBeGreaterThanOrEqual(4.5);
    }
  });
});
