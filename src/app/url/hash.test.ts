import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PLACE_IDS } from '../panels/place-id.ts';
import { formatHash, parseHash } from './hash.ts';

it('what is written is read back', () => {
  const number = fc.option(fc.nat({ max: 999_999_999 }));
  const state = fc
    .record({
      place: fc.constantFrom(...PLACE_IDS),
      sample: number,
      split: fc.option(fc.string()),
      image: number,
      open: fc.boolean(),
    })
    .map((one) => ({ ...one, open: one.open && one.image !== null }));
  fc.assert(
    fc.property(state, (one) => {
      expect(parseHash(formatHash(one))).toEqual(one);
    }),
  );
});

it('what is not understood is left at its default, and nothing throws', () => {
  expect(parseHash('#/storage?image=-3&open=1')).toEqual({
    place: 'data',
    sample: null,
    split: null,
    image: null,
    open: false,
  });
  expect(parseHash('#/train?image=1e3')).toMatchObject({ place: 'train', image: null });
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(PLACE_IDS).toContain(parseHash(text).place);
    }),
  );
});
