import { expect, test } from 'vitest';

test('not on the GPU', () => {
  expect(1).toBe(1);
});

test.skip('on the GPU (webgpu)', () => undefined);
