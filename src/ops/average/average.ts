import { activeBackend } from '../../tensor/backend.ts';
import { foldWorkgroups, runKernel } from '../../tensor/kernel.ts';
import type { Tensor } from '../../tensor/tf.ts';
import { averageKernel } from './average.wgsl.ts';
import type { AverageTask } from './average.wgsl.ts';

/** Tensors bound by one dispatch at most, however many the device allows: the kernel has a branch for each. */
const MOST_SOURCES = 32;

/** Elements of a tensor per workgroup. */
const ELEMENTS_PER_WORKGROUP = 64;

/** A tensor and where its average lies. */
export interface AveragedTensor {
  /** float32 */
  readonly source: Tensor;
  /** Index in the averages where this tensor's begins. */
  readonly at: number;
}

/** How many tensors the active device can bind in one {@link moveAverage} or {@link swapAverage}. */
export function averagedPerDispatch(): number {
  const { maxStorageBuffersPerShaderStage: most } = activeBackend().device.limits;
  return Math.min(MOST_SOURCES, most - 2);
}

/**
 * average = (1 − m)·average + m·source for some tensors, in one dispatch and in place.
 *
 * @param average float32 [n], which covers every tensor's `at` + size
 * @param tensors at most {@link averagedPerDispatch}
 * @param momentum float32 [1], 0 … 1; with 1 the averages become the tensors
 */
export function moveAverage(
  average: Tensor,
  tensors: readonly AveragedTensor[],
  momentum: Tensor,
): void {
  run('average', average, tensors, [momentum]);
}

/** Exchanges tensors with their averages in one dispatch; arguments as for {@link moveAverage}. */
export function swapAverage(average: Tensor, tensors: readonly AveragedTensor[]): void {
  run('swap', average, tensors, []);
}

function run(
  task: AverageTask,
  average: Tensor,
  tensors: readonly AveragedTensor[],
  inputs: readonly Tensor[],
): void {
  if (tensors.length === 0) return;
  if (tensors.length > averagedPerDispatch()) {
    throw new Error(`${task}: ${tensors.length} tensors, at most ${averagedPerDispatch()}`);
  }
  const params: Record<string, number> = {};
  let end = 0;
  for (const [k, { source, at }] of tensors.entries()) {
    end += Math.ceil(source.size / ELEMENTS_PER_WORKGROUP);
    params[`count${k}`] = source.size;
    params[`end${k}`] = end;
    params[`at${k}`] = at;
  }
  const { workgroups, rowSize } = foldWorkgroups(end, 1);
  runKernel(
    averageKernel(task, tensors.length),
    [average, ...inputs, ...tensors.map(({ source }) => source)],
    { ...params, rowSize },
    workgroups,
  );
}
