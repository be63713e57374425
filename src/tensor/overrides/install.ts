import { UserError } from '../../base/errors.ts';
import { addN } from './add-n.ts';
import { cropAndResize } from './crop-and-resize.ts';
import { input, replaceKernel } from './replace-kernel.ts';
import { unsortedSegmentSum } from './unsorted-segment-sum.ts';

/** Replaces the tfjs-webgpu kernels that are silently wrong or not deterministic. Safe to call again. */
export function installOverrides(): void {
  replaceKernel('AddN', ({ inputs }) => addN(Object.values(inputs)));
  replaceKernel('CropAndResize', ({ inputs, attrs }) => {
    const { cropSize, method, extrapolationValue } = attrs;
    if (!isPair(cropSize) || (method !== 'bilinear' && method !== 'nearest')) {
      throw new Error('cropAndResize: cropSize must be a pair, method bilinear or nearest');
    }
    return cropAndResize(input(inputs, 'image'), input(inputs, 'boxes'), input(inputs, 'boxInd'), {
      cropSize,
      method,
      extrapolationValue: Number(extrapolationValue),
    });
  });
  replaceKernel('UnsortedSegmentSum', ({ inputs, attrs }) =>
    unsortedSegmentSum(
      input(inputs, 'x'),
      input(inputs, 'segmentIds'),
      Number(attrs['numSegments']),
    ),
  );
  for (const kernelName of ['NonMaxSuppressionV3', 'NonMaxSuppressionV5']) {
    replaceKernel(kernelName, () => {
      throw new UserError({
        code: 'sync-nms',
        what: `tfjs's ${kernelName} was called, which reads boxes and scores back synchronously.`,
        why: 'Synchronous reads stall the GPU, and return zeros in some browsers.',
        action: 'Use ops/nms, which keeps its indices on the GPU.',
      });
    });
  }
}

function isPair(value: unknown): value is readonly [number, number] {
  return (
    Array.isArray(value) && value.length === 2 && value.every((side) => typeof side === 'number')
  );
}
