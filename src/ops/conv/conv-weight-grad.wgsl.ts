import type { Kernel } from '../../tensor/kernel.ts';
import type { Tile } from './tile.ts';
import { bufferType, declareAccumulators, repeat, vectorType } from './tile-code.ts';

/**
 * Gradient of a convolution with respect to its weight: dW[ky,kx,ci,co] = Σ over images and output pixels of
 * X[n, oy·s+ky·d−p, ox·s+kx·d−p, ci] · dY[n,oy,ox,co], split over output rows so that small weights still fill the machine.
 *
 * Buffers: X f32 [N,H,W,CI], dY f32 [N,OH,OW,CO], partial f32 [splits, partialRows, CO] (summed in order by
 * `split-reduce.wgsl.ts`; with one split of the weight alone this is dW itself), of which this map's splits are those from
 * firstSplit on. A split's rows are KH·KW·CI of the weight and, with `bias`, one of Σ dY, which a block of its own adds up.
 * No atomics: the result does not depend on timing.
 * An invocation computes `tile.rows` input channels × `tile.columns` column groups of one tap and one split. The loop
 * bounds skip the padding, so that no load is masked.
 */
export function convWeightGradKernel(tile: Tile, bias: boolean): Kernel {
  const { rows, columns, threadsX, threadsY, inVector, outVector } = tile;
  const loads = rows / inVector;
  const channel = (r: number): string =>
    inVector === 4 ? `a_${Math.floor(r / 4)}.${'xyzw'.charAt(r % 4)}` : `a_${r}`;
  const body = /* wgsl */ `
@compute @workgroup_size(${threadsX}, ${threadsY}, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
  let columns = params.columns;
  let stride = i32(params.stride);
  let column = group.x * ${threadsX * columns}u + local.x;
  let block = group.y * ${threadsY}u + local.y;
  let blocks = (params.inChannels + ${rows - 1}u) / ${rows}u;
  if (block >= blocks * params.taps${bias ? ' + 1u' : ''} || column >= columns) { return; }
  let split = group.z;
  let tap = block / blocks;
  let first = (block - tap * blocks) * ${rows}u;
  // Where the tap lies from the pixel at stride × output position.
  let offsetY = i32(tap / params.kernelWidth * params.dilation) - params.paddingY;
  let offsetX = i32(tap % params.kernelWidth * params.dilation) - params.paddingX;
  ${repeat(columns, (c) => `let column_${c} = min(column + ${c * threadsX}u, columns - 1u);`)}
  let last = min(params.rows, (split + 1u) * params.rowsPerSplit);
  let partialRow = (params.firstSplit + split) * params.partialRows;
  ${bias ? biasSums(tile) : ''}
  ${declareAccumulators(tile)}
  // Output positions whose tap falls inside the image.
  let x0 = u32(max(0, (stride - 1 - offsetX) / stride));
  let reachX = i32(params.width) - 1 - offsetX;
  let x1 = u32(select(0, min(i32(params.outWidth), reachX / stride + 1), reachX >= 0));
  let y0 = max(0, (stride - 1 - offsetY) / stride);
  let reachY = i32(params.height) - 1 - offsetY;
  let y1 = select(0, min(i32(params.outHeight), reachY / stride + 1), reachY >= 0);
  for (var row = split * params.rowsPerSplit; row < last; row++) {
    let image = row / params.outHeight;
    let oy = i32(row - image * params.outHeight);
    if (oy < y0 || oy >= y1) { continue; }
    let iy = i32(image * params.height) + oy * stride + offsetY;
    var at = u32((iy * i32(params.width) + i32(x0) * stride + offsetX)) * params.inSteps + first / ${inVector}u;
    var grad = (row * params.outWidth + x0) * columns;
    for (var ox = x0; ox < x1; ox++) {
      ${repeat(loads, (l) => `let a_${l} = x[at + ${l}u];`)}
      ${repeat(
        columns,
        (c) => `let d_${c} = dy[grad + column_${c}];
      ${repeat(rows, (r) => `acc_${r}_${c} += ${channel(r)} * d_${c};`)}`,
      )}
      at += u32(stride) * params.inSteps;
      grad += columns;
    }
  }
  let out = partialRow + tap * params.inChannels + first;
  ${repeat(rows, (r) =>
    repeat(
      columns,
      (c) =>
        `if (first + ${r}u < params.inChannels && column + ${c * threadsX}u < columns) { partial[(out + ${r}u) * columns + column + ${c * threadsX}u] = acc_${r}_${c}; }`,
    ),
  )}
}`;
  return {
    name: `conv2d_weight_grad_${rows}x${columns}`,
    buffers: [
      { name: 'x', type: bufferType(inVector), access: 'read' },
      { name: 'dy', type: vectorType(outVector), access: 'read' },
      { name: 'partial', type: bufferType(outVector), access: 'write' },
    ],
    params: [
      { name: 'columns', type: 'u32' },
      { name: 'inChannels', type: 'u32' },
      { name: 'inSteps', type: 'u32' },
      { name: 'rows', type: 'u32' },
      { name: 'rowsPerSplit', type: 'u32' },
      { name: 'firstSplit', type: 'u32' },
      { name: 'partialRows', type: 'u32' },
      { name: 'height', type: 'u32' },
      { name: 'width', type: 'u32' },
      { name: 'outHeight', type: 'u32' },
      { name: 'outWidth', type: 'u32' },
      { name: 'taps', type: 'u32' },
      { name: 'kernelWidth', type: 'u32' },
      { name: 'stride', type: 'u32' },
      { name: 'paddingY', type: 'i32' },
      { name: 'paddingX', type: 'i32' },
      { name: 'dilation', type: 'u32' },
    ],
    body,
  };
}

/** The block after the last: Σ dY of its columns over the split's pixels, row by row, into the split's last row. */
function biasSums({ columns, threadsX, outVector }: Tile): string {
  const type = vectorType(outVector);
  return /* wgsl */ `
  if (block == blocks * params.taps) {
    ${repeat(columns, (c) => `var total_${c} = ${type}(0.0);`)}
    for (var row = split * params.rowsPerSplit; row < last; row++) {
      ${repeat(columns, (c) => `var sum_${c} = ${type}(0.0);`)}
      var grad = row * params.outWidth * columns;
      for (var ox = 0u; ox < params.outWidth; ox++) {
        ${repeat(columns, (c) => `sum_${c} += dy[grad + column_${c}];`)}
        grad += columns;
      }
      ${repeat(columns, (c) => `total_${c} += sum_${c};`)}
    }
    let sums = (partialRow + params.taps * params.inChannels) * columns + column;
    ${repeat(
      columns,
      (c) =>
        `if (column + ${c * threadsX}u < columns) { partial[sums + ${c * threadsX}u] = total_${c}; }`,
    )}
    return;
  }`;
}
