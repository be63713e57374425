import { expect } from 'vitest';
import { UserError } from '../../base/errors.ts';
import {
  describeOnGpu,
  expectClose,
  gpuTest,
  sharedHost,
} from '../../ops/host/describe-on-backends.ts';
import { rng } from '../../base/rng.ts';
import { readIntTensor, readTensor } from '../read.ts';
import { tf } from '../tf.ts';
import { installOverrides } from './install.ts';

const random = rng(8);
function normals(count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random.normal());
}

/** Leaves a value in the buffer that the next tensor of this shape gets, so that an element left unwritten shows. */
async function plant(shape: readonly number[], value: number): Promise<void> {
  const old = tf.fill([...shape], value);
  // Read, so that it is submitted: only then is the buffer free for the next one.
  await readTensor(old);
  old.dispose();
}

describeOnGpu('AddN', () => {
  gpuTest('1 to 30 tensors, and the dispatches after it are not lost', async () => {
    const { backend } = await sharedHost();
    for (const terms of [1, 2, 7, 8, 9, 13, 14, 30]) {
      const inputs = Array.from({ length: terms }, (_, term) => tf.fill([70], term + 1));
      const sum = tf.addN(inputs);
      const after = sum.mul(2);
      const want = (terms * (terms + 1)) / 2;
      expect(await readTensor(sum)).toEqual(new Float32Array(70).fill(want));
      expect(await readTensor(after)).toEqual(new Float32Array(70).fill(2 * want));
      tf.dispose([...inputs, sum, after]);
    }
    // The reason: bound all at once, 30 tensors need more buffers than any device allows today.
    expect(backend.device.limits.maxStorageBuffersPerShaderStage).toBeLessThan(31);
  });

  gpuTest('integers, and a gradient for each term', async () => {
    await sharedHost();
    const integers = Array.from({ length: 9 }, (_, i) => tf.tensor1d([i, -i], 'int32'));
    const sum = tf.addN(integers);
    expect(sum.dtype).toBe('int32');
    expect(await readIntTensor(sum)).toEqual(Int32Array.of(36, -36));
    const floats = Array.from({ length: 9 }, (_, i) => tf.tensor1d([i]));
    const grads = tf.grads((...terms: tf.Tensor[]) => tf.addN(terms).mul(3))(floats);
    for (const grad of grads) expect(await readTensor(grad)).toEqual(Float32Array.of(3));
    tf.dispose([...integers, sum, ...floats, ...grads]);
  });
});

describeOnGpu('CropAndResize', () => {
  gpuTest('a box of image 2 when there is one box: stock leaves it unwritten', async () => {
    await sharedHost();
    const images = tf.tensor4d(
      Float32Array.from({ length: 48 }, (_, i) => i),
      [3, 4, 4, 1],
    );
    const boxes = tf.tensor2d([[0, 0, 1, 1]]);
    const which = tf.tensor1d([2], 'int32');
    await plant([1, 2, 2, 1], 777);
    const crops = tf.image.cropAndResize(images, boxes, which, [2, 2]);
    expect(Array.from(await readTensor(crops))).toEqual([32, 35, 44, 47]);
    tf.dispose([images, boxes, which, crops]);
  });

  gpuTest('an image that does not exist gives the extrapolation value', async () => {
    await sharedHost();
    const images = tf.ones<tf.Rank.R4>([2, 4, 4, 3]);
    const boxes = tf.tensor2d([
      [0, 0, 1, 1],
      [0, 0, 1, 1],
      [0, 0, 1, 1],
    ]);
    const which = tf.tensor1d([2, -1, 1], 'int32');
    await plant([3, 2, 2, 3], 777);
    const crops = tf.image.cropAndResize(images, boxes, which, [2, 2], 'bilinear', -5);
    const want = Float32Array.from({ length: 36 }, (_, index) => (index < 24 ? -5 : 1));
    expect(await readTensor(crops)).toEqual(want);
    tf.dispose([images, boxes, which, crops]);
  });

  for (const method of ['bilinear', 'nearest'] as const) {
    gpuTest(`agrees with a plain loop, ${method}`, async () => {
      await sharedHost();
      const [batch, height, width, channels] = [3, 5, 7, 2];
      const pixels = normals(batch * height * width * channels);
      const corners = Array.from({ length: 20 }, () => random.int(-4, 20) / 16);
      const which = [0, 2, 1, 2, 0];
      const images = tf.tensor4d(pixels, [batch, height, width, channels]);
      const boxes = tf.tensor2d(corners, [5, 4]);
      const ids = tf.tensor1d(which, 'int32');
      for (const crop of [[3, 4] as const, [1, 1] as const]) {
        const crops = tf.image.cropAndResize(images, boxes, ids, [...crop], method, 9);
        const pixel = (image: number, y: number, x: number, c: number) =>
          pixels[((image * height + y) * width + x) * channels + c] ?? Number.NaN;
        const at = (i: number, n: number, low: number, high: number, last: number) =>
          n > 1 ? low * last + (i * (high - low) * last) / (n - 1) : 0.5 * (low + high) * last;
        const want: number[] = [];
        for (const [box, image] of which.entries()) {
          const [y1 = 0, x1 = 0, y2 = 0, x2 = 0] = corners.slice(box * 4, box * 4 + 4);
          for (let row = 0; row < crop[0]; row++) {
            for (let column = 0; column < crop[1]; column++) {
              const y = at(row, crop[0], y1, y2, height - 1);
              const x = at(column, crop[1], x1, x2, width - 1);
              const outside = y < 0 || y > height - 1 || x < 0 || x > width - 1;
              for (let c = 0; c < channels; c++) {
                if (outside) want.push(9);
                else if (method === 'nearest') {
                  want.push(pixel(image, Math.floor(y + 0.5), Math.floor(x + 0.5), c));
                } else {
                  const [top, left] = [Math.floor(y), Math.floor(x)];
                  const line = (at: number) => {
                    const first = pixel(image, at, left, c);
                    return first + (pixel(image, at, Math.ceil(x), c) - first) * (x - left);
                  };
                  const high = line(top);
                  want.push(high + (line(Math.ceil(y)) - high) * (y - top));
                }
              }
            }
          }
        }
        expectClose(await readTensor(crops), want);
        crops.dispose();
      }
      tf.dispose([images, boxes, ids]);
    });
  }
});

describeOnGpu('UnsortedSegmentSum', () => {
  gpuTest('adds rows of a segment, leaves empty ones 0 and unknown ones out', async () => {
    await sharedHost();
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]);
    const ids = tf.tensor1d([2, 0, 2, 9], 'int32');
    await plant([4, 2], 777);
    const sums = tf.unsortedSegmentSum(x, ids, 4);
    expect(Array.from(await readTensor(sums))).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
    const integers = x.toInt();
    const integerSums = tf.unsortedSegmentSum(integers, ids, 4);
    expect(await readIntTensor(integerSums)).toEqual(Int32Array.of(3, 4, 0, 0, 6, 8, 0, 0));
    tf.dispose([x, ids, sums, integers, integerSums]);
  });

  gpuTest('is the gradient of gather, with the same bits each time', async () => {
    await sharedHost();
    const table = tf.tensor2d(normals(40), [10, 4]);
    const indices = tf.tensor1d(
      Array.from({ length: 3000 }, () => random.int(0, 10)),
      'int32',
    );
    const weights = normals(12_000);
    const factor = tf.tensor2d(weights, [3000, 4]);
    const gradient = tf.grad((x: tf.Tensor) => tf.gather(x, indices).mul(factor).sum());
    const runs: Float32Array[] = [];
    for (let run = 0; run < 5; run++) {
      const grad = gradient(table);
      runs.push(await readTensor(grad));
      grad.dispose();
    }
    const want = new Float64Array(40);
    for (const [row, index] of Array.from(await readIntTensor(indices)).entries()) {
      for (let c = 0; c < 4; c++)
        want[index * 4 + c] = (want[index * 4 + c] ?? 0) + (weights[row * 4 + c] ?? 0);
    }
    for (const run of runs) expect(run).toEqual(runs[0]);
    expectClose(runs[0] ?? [], want, { absolute: 1e-4 });
    tf.dispose([table, indices, factor]);
  });
});

describeOnGpu('NonMaxSuppression', () => {
  gpuTest('tfjs’s own is refused, with what to use', async () => {
    await sharedHost();
    const boxes = tf.tensor2d([[0, 0, 1, 1]]);
    const scores = tf.tensor1d([1]);
    const before = tf.memory().numTensors;
    // oxlint-disable no-restricted-properties -- that these throw is what is tested
    for (const call of [
      () => tf.image.nonMaxSuppression(boxes, scores, 1),
      () => tf.image.nonMaxSuppressionWithScore(boxes, scores, 1),
    ]) {
      expect(call).toThrow(UserError);
      expect(call).toThrow(/ops\/nms/);
    }
    // oxlint-enable no-restricted-properties
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([boxes, scores]);
  });
});

describeOnGpu('matMul', () => {
  gpuTest('a long inner side gives the same bits each time', async () => {
    await sharedHost();
    // With its default flags tfjs splits this one and adds the parts by compare-and-swap.
    const a = tf.tensor2d(normals(16 * 4096), [16, 4096]);
    const b = tf.tensor2d(normals(4096 * 16), [4096, 16]);
    const runs: Float32Array[] = [];
    for (let run = 0; run < 6; run++) {
      const product = a.matMul(b);
      runs.push(await readTensor(product));
      product.dispose();
    }
    for (const run of runs) expect(run).toEqual(runs[0]);
    tf.dispose([a, b]);
  });
});

describeOnGpu('installOverrides', () => {
  gpuTest('can be called again', async () => {
    await sharedHost();
    installOverrides();
    const x = tf.tidy(() => tf.addN([tf.scalar(1), tf.scalar(2)]));
    expect(await readTensor(x)).toEqual(Float32Array.of(3));
    x.dispose();
  });
});
