import { activeBackend } from '../backend.ts';
import { foldWorkgroups, runKernel } from '../kernel.ts';
import type { Kernel } from '../kernel.ts';
import type { TensorInfo } from '../tf.ts';
import { elementType } from './replace-kernel.ts';

const WORKGROUP_SIZE = 64;

/**
 * TensorFlow's CropAndResize (crop_and_resize_op_gpu.cu.cc).
 * Buffers: images f32 or i32 [B, H, W, C], boxes f32 [N, 4] (y1, x1, y2, x2 in 0 … 1 of the image's side − 1), boxImage
 * i32 [N] → crops f32 [N, h, w, C].
 * One invocation per element of the crops. A sample outside the image, and every sample of a box whose image does not
 * exist, is the extrapolation value: nothing is left unwritten.
 */
function cropKernel(type: 'f32' | 'i32', bilinear: boolean): Kernel {
  return {
    name: 'crop_and_resize',
    buffers: [
      { name: 'images', type, access: 'read' },
      { name: 'boxes', type: 'vec4<f32>', access: 'read' },
      { name: 'boxImage', type: 'i32', access: 'read' },
      { name: 'crops', type: 'f32', access: 'write' },
    ],
    params: [
      ...['batch', 'height', 'width', 'channels', 'cropHeight', 'cropWidth'].map((name) => ({
        name,
        type: 'i32' as const,
      })),
      { name: 'extrapolation', type: 'f32' },
      { name: 'count', type: 'u32' },
      { name: 'rowSize', type: 'u32' },
    ],
    body: /* wgsl */ `
const BILINEAR = ${bilinear};
fn pixel(image: i32, y: i32, x: i32, channel: i32) -> f32 {
  return f32(images[((image * params.height + y) * params.width + x) * params.channels + channel]);
}
// Where sample i of n lies between low and high of a side with pixels 0 … last.
fn position(i: i32, n: i32, low: f32, high: f32, last: f32) -> f32 {
  if (n > 1) { return low * last + f32(i) * ((high - low) * last / f32(n - 1)); }
  return 0.5 * (low + high) * last;
}

@compute @workgroup_size(${WORKGROUP_SIZE}, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let channel = i32(index) % params.channels;
  let column = i32(index) / params.channels % params.cropWidth;
  let row = i32(index) / (params.channels * params.cropWidth) % params.cropHeight;
  let box = i32(index) / (params.channels * params.cropWidth * params.cropHeight);
  let image = boxImage[box];
  let lastY = f32(params.height - 1);
  let lastX = f32(params.width - 1);
  let y = position(row, params.cropHeight, boxes[box].x, boxes[box].z, lastY);
  let x = position(column, params.cropWidth, boxes[box].y, boxes[box].w, lastX);
  var value = params.extrapolation;
  if (image >= 0 && image < params.batch && y >= 0.0 && y <= lastY && x >= 0.0 && x <= lastX) {
    if (BILINEAR) {
      let top = i32(floor(y));
      let bottom = i32(ceil(y));
      let left = i32(floor(x));
      let right = i32(ceil(x));
      let high = mix(pixel(image, top, left, channel), pixel(image, top, right, channel), fract(x));
      let low = mix(pixel(image, bottom, left, channel), pixel(image, bottom, right, channel), fract(x));
      value = mix(high, low, fract(y));
    } else {
      value = pixel(image, i32(floor(y + 0.5)), i32(floor(x + 0.5)), channel);
    }
  }
  crops[index] = value;
}`,
  };
}

export interface CropAttributes {
  readonly cropSize: readonly [height: number, width: number];
  readonly method: 'bilinear' | 'nearest';
  readonly extrapolationValue: number;
}

/**
 * tfjs's `CropAndResize`. Stock compares the image number of a box with the number of boxes and returns early, so crops
 * of later images held whatever was in the recycled buffer.
 */
export function cropAndResize(
  images: TensorInfo,
  boxes: TensorInfo,
  boxImage: TensorInfo,
  { cropSize, method, extrapolationValue }: CropAttributes,
): TensorInfo {
  const [batch = 0, height = 0, width = 0, channels = 0] = images.shape;
  const [cropHeight, cropWidth] = cropSize;
  const shape = [boxes.shape[0] ?? 0, cropHeight, cropWidth, channels];
  const crops = activeBackend().makeTensorInfo(shape, 'float32');
  const count = shape.reduce((product, side) => product * side, 1);
  const { workgroups, rowSize } = foldWorkgroups(count, WORKGROUP_SIZE);
  const sizes = { batch, height, width, channels, cropHeight, cropWidth };
  runKernel(
    cropKernel(elementType(images), method === 'bilinear'),
    [images, boxes, boxImage, crops],
    { ...sizes, extrapolation: extrapolationValue, count, rowSize },
    workgroups,
  );
  return crops;
}
