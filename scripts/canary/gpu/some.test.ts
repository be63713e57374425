import { test } from 'vitest';

test('on the GPU', ({ task }) => {
  Object.assign(task.meta, { backend: 'webgpu' });
});

test('refused', ({ skip }) => {
  skip('no adapter');
});
