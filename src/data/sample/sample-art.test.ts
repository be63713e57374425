import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convexHull, outlinePoints } from './outline.ts';
import { packSampleArt, unpackSampleArt } from './sample-art-container.ts';
import { decodeSampleArt } from './sample-art.ts';
import { loadSampleArt } from './sample-art.node.ts';
import { sampleLicence } from './sample-licence.ts';

const pictures = fc.array(
  fc
    .record({
      name: fc.string({ minLength: 1 }),
      width: fc.integer({ min: 1, max: 9 }),
      height: fc.integer({ min: 1, max: 9 }),
    })
    .chain(({ name, width, height }) =>
      fc
        .uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 })
        .map((rgba) => ({ name, width, height, rgba: new Uint8Array(rgba) })),
    ),
  { maxLength: 4 },
);

describe('the artwork’s container', () => {
  it('gives back what was packed', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, async (list) => {
        expect(await unpackSampleArt(await packSampleArt(list))).toEqual(list);
      }),
      { numRuns: 40 },
    );
  });

  it('refuses bytes that are not the artwork', async () => {
    const packed = await loadSampleArt();
    await expect(unpackSampleArt(packed.slice(0, 1000))).rejects.toThrow();
    await expect(unpackSampleArt(new Uint8Array([1, 2, 3]))).rejects.toThrow();
    const other = new Blob(['something else']).stream().pipeThrough(new CompressionStream('gzip'));
    const wrong = new Uint8Array(await new Response(other).arrayBuffer());
    await expect(unpackSampleArt(wrong)).rejects.toThrow('ANCHART1');
  });
});

describe('sprites', () => {
  it('have distinct classes in code point order and reach 160 texels', async () => {
    const art = await decodeSampleArt(await loadSampleArt());
    const names = art.map(({ name }) => name);
    expect(names).toHaveLength(8);
    expect(names).toEqual([...new Set(names)].toSorted());
    for (const { width, height } of art) expect(Math.max(width, height)).toBe(160);
  });

  it('keep their mean alpha in every level', async () => {
    for (const { name, levels } of await decodeSampleArt(await loadSampleArt())) {
      const masses = levels.map(({ texels }, k) => {
        let sum = 0;
        for (let i = 3; i < texels.length; i += 4) sum += (texels[i] ?? 0) * 4 ** k;
        return sum;
      });
      for (const mass of masses) expect(mass / (masses[0] ?? 0), name).toBeCloseTo(1, 4);
    }
  });
});

describe('outline and hull', () => {
  it('a filled rectangle reaches half a texel’s worth of alpha to each side', () => {
    // Alpha falls from 255 to 0 between texel centres; 127.5 is passed exactly half way, at the rectangle's rim.
    const alpha = new Uint8Array(6 * 5);
    for (let y = 1; y < 4; y++) for (let x = 2; x < 5; x++) alpha[y * 6 + x] = 255;
    const hull = convexHull(outlinePoints(alpha, 6, 5, 127.5));
    const xs = [...hull].filter((_, i) => i % 2 === 0);
    const ys = [...hull].filter((_, i) => i % 2 === 1);
    expect([Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]).toEqual([
      2, 5, 1, 4,
    ]);
  });

  it('the hull reaches as far in every direction as the points', () => {
    const points = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), {
      minLength: 2,
      maxLength: 80,
    });
    fc.assert(
      fc.property(points, fc.double({ min: 0, max: 6.3, noNaN: true }), (list, angle) => {
        const flat = list.slice(0, list.length - (list.length % 2));
        const reach = (values: ArrayLike<number>): number => {
          let most = -Infinity;
          for (let i = 0; i < values.length; i += 2) {
            most = Math.max(
              most,
              (values[i] ?? 0) * Math.cos(angle) + (values[i + 1] ?? 0) * Math.sin(angle),
            );
          }
          return most;
        };
        const hull = convexHull(flat);
        // One point, or several at one place, have no hull to speak of.
        if (
          new Set(flat.map((value, i) => (i % 2 === 0 ? `${value},${flat[i + 1]}` : ''))).size <= 2
        )
          return;
        expect(reach(hull)).toBeCloseTo(reach(flat), 6);
      }),
    );
  });
});

describe('the licence', () => {
  it('is the one kept beside the artwork and names the holder', async () => {
    const file = await readFile(new URL('./sample-art.LICENSE.txt', import.meta.url), 'utf8');
    expect(sampleLicence.text).toBe(file);
    expect(file).toContain('Copyright (c) Microsoft Corporation');
    expect(file).toContain('Permission is hereby granted, free of charge');
  });
});
