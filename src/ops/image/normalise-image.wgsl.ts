import type { Kernel } from '../../tensor/kernel.ts';

/**
 * DetDataPreprocessor on the GPU: bytes to normalised floats, zero outside the image (MMDetection pads after
 * normalising, so padding is 0 in normalised space).
 *
 * Buffers: bytes u32 [N·H·W·3/4] (RGB bytes, four to a word, little-endian), imgShapes i32 [N,2] (height, width of the
 * image inside its padded frame), y f32 [N,H,W,3]. Parameters give mean and std in the order of the output channels;
 * `swap` = 1 puts them out as BGR. One invocation per output element.
 */
export const normaliseImageKernel: Kernel = {
  name: 'normalise_image',
  buffers: [
    { name: 'bytes', type: 'u32', access: 'read' },
    { name: 'imgShapes', type: 'i32', access: 'read' },
    { name: 'y', type: 'f32', access: 'write' },
  ],
  params: [
    { name: 'count', type: 'u32' },
    { name: 'rowSize', type: 'u32' },
    { name: 'height', type: 'u32' },
    { name: 'width', type: 'u32' },
    { name: 'swap', type: 'u32' },
    { name: 'mean0', type: 'f32' },
    { name: 'mean1', type: 'f32' },
    { name: 'mean2', type: 'f32' },
    { name: 'std0', type: 'f32' },
    { name: 'std1', type: 'f32' },
    { name: 'std2', type: 'f32' },
  ],
  body: /* wgsl */ `
@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let index = id.x + id.y * params.rowSize;
  if (index >= params.count) { return; }
  let pixel = index / 3u;
  let channel = index - pixel * 3u;
  let row = pixel / params.width;
  let image = row / params.height;
  let inside = i32(row - image * params.height) < imgShapes[image * 2u]
    && i32(pixel - row * params.width) < imgShapes[image * 2u + 1u];
  let at = pixel * 3u + select(channel, 2u - channel, params.swap == 1u);
  let value = f32((bytes[at >> 2u] >> ((at & 3u) * 8u)) & 255u);
  let mean = select(select(params.mean2, params.mean1, channel == 1u), params.mean0, channel == 0u);
  let deviation = select(select(params.std2, params.std1, channel == 1u), params.std0, channel == 0u);
  y[index] = select(0.0, (value - mean) / deviation, inside);
}`,
};
