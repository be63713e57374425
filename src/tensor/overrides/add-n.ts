import { activeBackend } from '../backend.ts';
import { foldWorkgroups, runKernel } from '../kernel.ts';
import type { Kernel } from '../kernel.ts';
import type { TensorInfo } from '../tf.ts';
import { elementType } from './replace-kernel.ts';

/** With the result this makes 8 storage buffers, which every device has. */
const MAX_TERMS = 7;
const WORKGROUP_SIZE = 64;

/** Buffers: x0 … x(n−1) [count] → sum [count]. One invocation per element; terms are added in order. */
function sumKernel(type: 'f32' | 'i32', terms: number): Kernel {
  const names = Array.from({ length: terms }, (_, term) => `x${term}`);
  return {
    name: 'add_n',
    buffers: [
      ...names.map((name) => ({ name, type, access: 'read' as const })),
      { name: 'sum', type, access: 'write' },
    ],
    params: [
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  sum[index] = ${names.map((name) => `${name}[index]`).join(' + ')};
}`,
  };
}

/**
 * tfjs's `AddN` for any number of tensors, in chunks of {@link MAX_TERMS}. Stock binds them all at once; above the
 * device's limit of storage buffers the result is garbage, and every other dispatch of the same submit is dropped.
 *
 * @param tensors at least one, all of one shape and type (`tf.addN` has checked that)
 */
export function addN(tensors: readonly TensorInfo[]): TensorInfo {
  const [first] = tensors;
  if (first === undefined) throw new Error('addN: no tensors');
  const count = first.shape.reduce((product, side) => product * side, 1);
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  let rest: readonly TensorInfo[] = tensors;
  let partial: TensorInfo | undefined;
  do {
    const room = MAX_TERMS - (partial === undefined ? 0 : 1);
    const terms = [...(partial === undefined ? [] : [partial]), ...rest.slice(0, room)];
    const sum = activeBackend().makeTensorInfo(first.shape, first.dtype);
    runKernel(
      sumKernel(elementType(first), terms.length),
      [...terms, sum],
      { count, rowSize },
      workgroups,
    );
    if (partial !== undefined) activeBackend().disposeData(partial.dataId);
    partial = sum;
    rest = rest.slice(room);
  } while (rest.length > 0);
  return partial;
}
