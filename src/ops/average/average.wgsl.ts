import type { Kernel } from '../../tensor/kernel.ts';

/** What is done with each element of a tensor and its average. */
export type AverageTask = 'average' | 'swap';

/**
 * Moves averages towards several tensors, or exchanges them, in place.
 * Buffers: average f32 (of all tensors, one after the other), momentum f32 [1] (for `average`), source0 … f32 [count of
 * it]. Workgroup g belongs to the first source k with g < `end k`, one invocation per element; the average of source k
 * begins at `at k`. The average moves as PyTorch's lerp: a + m·(s − a) for m < ½, else s − (s − a)·(1 − m), so that m = 1
 * copies and equal values stay as they are.
 */
export function averageKernel(task: AverageTask, sources: number): Kernel {
  const slots = Array.from({ length: sources }, (_, k) => k);
  const start = (k: number): string => (k === 0 ? '0u' : `params.end${k - 1}`);
  const swaps = task === 'swap';
  return {
    name: swaps ? 'average_swap' : 'average',
    buffers: [
      { name: 'average', type: 'f32', access: 'write' },
      ...(swaps ? [] : [{ name: 'momentum', type: 'f32', access: 'read' } as const]),
      ...slots.map(
        (k) => ({ name: `source${k}`, type: 'f32', access: swaps ? 'write' : 'read' }) as const,
      ),
    ],
    params: [
      { name: 'rowSize', type: 'u32' },
      ...slots.flatMap((k) =>
        ['count', 'end', 'at'].map((name) => ({ name: `${name}${k}`, type: 'u32' }) as const),
      ),
    ],
    body: /* wgsl */ `
${
  swaps
    ? ''
    : `fn moved(a: f32, s: f32) -> f32 {
  let m = momentum[0];
  if (m < 0.5) { return a + m * (s - a); }
  return s - (s - a) * (1.0 - m);
}`
}
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let block = group.x + group.y * params.rowSize;
  ${slots
    .map(
      (k) => /* wgsl */ `if (block < params.end${k}) {
    let i = (block - ${start(k)}) * 64u + thread;
    if (i < params.count${k}) {
      let at = params.at${k} + i;
      ${
        swaps
          ? `let s = source${k}[i];
      source${k}[i] = average[at];
      average[at] = s;`
          : `average[at] = moved(average[at], source${k}[i]);`
      }
    }
  }`,
    )
    .join(' else ')}
}`,
  };
}
