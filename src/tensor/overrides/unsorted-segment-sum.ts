import { activeBackend } from '../backend.ts';
import { foldWorkgroups, runKernel } from '../kernel.ts';
import type { Kernel } from '../kernel.ts';
import type { TensorInfo } from '../tf.ts';
import { elementType } from './replace-kernel.ts';

const WORKGROUP_SIZE = 64;

/**
 * Buffers: x f32 or i32 [rows, inner], segmentIds i32 [rows] → sums [segments, inner]. One invocation per element of the
 * sums walks all rows in order, so the result is the same each time; a segment without rows is 0, and rows of a segment
 * that does not exist are left out, as in TensorFlow. Costs segments · inner · rows reads of an id.
 */
function segmentSumKernel(type: 'f32' | 'i32'): Kernel {
  return {
    name: 'unsorted_segment_sum',
    buffers: [
      { name: 'x', type, access: 'read' },
      { name: 'segmentIds', type: 'i32', access: 'read' },
      { name: 'sums', type, access: 'write' },
    ],
    params: [
      { name: 'rows', type: 'u32' },
      { name: 'inner', type: 'u32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `
@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let segment = i32(index / params.inner);
  let column = index % params.inner;
  var sum = ${type}(0);
  for (var row = 0u; row < params.rows; row++) {
    if (segmentIds[row] == segment) { sum += x[row * params.inner + column]; }
  }
  sums[index] = sum;
}`,
  };
}

/**
 * tfjs's `UnsortedSegmentSum`, which is also the gradient of `gather`. Stock adds floats by compare-and-swap, in another
 * order each run.
 */
export function unsortedSegmentSum(
  x: TensorInfo,
  segmentIds: TensorInfo,
  segments: number,
): TensorInfo {
  const [rows = 1, ...innerShape] = x.shape;
  const inner = innerShape.reduce((product, side) => product * side, 1);
  const sums = activeBackend().makeTensorInfo([segments, ...innerShape], x.dtype);
  const { workgroups, rowSize } = foldWorkgroups(segments * inner, WORKGROUP_SIZE);
  runKernel(
    segmentSumKernel(elementType(x)),
    [x, segmentIds, sums],
    { rows, inner, count: segments * inner, rowSize },
    workgroups,
  );
  return sums;
}
