import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { packSampleArt, unpackSampleArt } from '../src/data/sample/sample-art-container.ts';
import { buildSampleArt } from './build-sample-art.ts';

describe('the committed artwork of the sample', () => {
  it('is what the script makes from the installed package', async () => {
    const file = new URL('../src/data/sample/sample-art.bin', import.meta.url);
    const committed = await unpackSampleArt(new Uint8Array(await readFile(file)));
    const built = await buildSampleArt();
    expect(committed.map(({ name, width, height }) => ({ name, width, height }))).toEqual(
      built.map(({ name, width, height }) => ({ name, width, height })),
    );
    for (const [i, { name, rgba }] of built.entries()) {
      expect(Buffer.compare(rgba, committed[i]?.rgba ?? new Uint8Array()), name).toBe(0);
    }
    expect((await unpackSampleArt(await packSampleArt(built))).length).toBe(8);
  });
});
