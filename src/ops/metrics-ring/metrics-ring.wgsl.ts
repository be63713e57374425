import type { Kernel } from '../../tensor/kernel.ts';

/**
 * Copies single values into one row of a ring of metrics. Buffers: v0 … v(n-1) f32 [≥1] (the first element of each
 * counts), ring f32 [rows, n] (in place). One invocation.
 */
export function metricsRingKernel(values: number): Kernel {
  const names = Array.from({ length: values }, (_, index) => `v${index}`);
  return {
    name: 'metrics_ring',
    buffers: [
      ...names.map((name) => ({ name, type: 'f32', access: 'read' }) as const),
      { name: 'ring', type: 'f32', access: 'write' },
    ],
    params: [{ name: 'row', type: 'u32' }],
    body: /* wgsl */ `
@compute @workgroup_size(1, 1, 1)
fn main() {
  ${names.map((name, column) => `ring[params.row * ${values}u + ${column}u] = ${name}[0];`).join('\n  ')}
}`,
  };
}
