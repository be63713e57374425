import { activeBackend } from './backend.ts';
import type { UniformField } from './backend.ts';
import { tf } from './tf.ts';
import type { Tensor, TensorInfo } from './tf.ts';

/** WGSL element type of a bound buffer: scalars or vec4s of them. */
export type ElementType = 'f32' | 'i32' | 'u32' | 'vec4<f32>' | 'vec4<i32>' | 'vec4<u32>';

/** A storage buffer of a kernel. `write` is declared `read_write`; everything else `read`. */
export interface BufferSpec {
  readonly name: string;
  readonly type: ElementType;
  readonly access: 'read' | 'write';
}

/** A scalar of the parameter struct, reached in WGSL as `params.NAME`. */
export interface ParamSpec {
  readonly name: string;
  readonly type: 'i32' | 'u32' | 'f32';
}

/**
 * A compute program: its buffers, its parameters and its body. The bindings are written by {@link kernelSource}, so the
 * body declares only functions and `main`. Pipelines are cached by the whole source, so nobody types a key and a stale
 * shader cannot run.
 */
export interface Kernel {
  /** Label in errors, traces and timings, e.g. `conv2d_dx`. */
  readonly name: string;
  readonly buffers: readonly BufferSpec[];
  readonly params: readonly ParamSpec[];
  /** WGSL with one `@compute` entry point called `main`. */
  readonly body: string;
}

/** Full WGSL of a kernel: bindings 0 … n-1 in order, then the parameter struct. */
export function kernelSource({ buffers, params, body }: Kernel): string {
  const bindings = buffers.map(
    ({ name, type, access }, binding) =>
      `@group(0) @binding(${binding}) var<storage, ${access === 'write' ? 'read_write' : 'read'}> ${name}: array<${type}>;`,
  );
  if (params.length > 0) {
    const fields = params.map(({ name, type }) => `  ${name}: ${type},`).join('\n');
    bindings.push(`struct Params {\n${fields}\n}`);
    bindings.push(`@group(0) @binding(${buffers.length}) var<uniform> params: Params;`);
  }
  return `${bindings.join('\n')}\n${body}\n`;
}

const pipelines = new WeakMap<GPUDevice, Map<string, GPUComputePipeline>>();

function pipelineFor(device: GPUDevice, kernel: Kernel): GPUComputePipeline {
  let ofDevice = pipelines.get(device);
  if (ofDevice === undefined) {
    ofDevice = new Map();
    pipelines.set(device, ofDevice);
  }
  const code = kernelSource(kernel);
  let pipeline = ofDevice.get(code);
  if (pipeline === undefined) {
    const module = device.createShaderModule({ label: kernel.name, code });
    pipeline = device.createComputePipeline({
      label: kernel.name,
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    ofDevice.set(code, pipeline);
  }
  return pipeline;
}

/** Number of distinct pipelines made on the active device, for the "compiling n of m" line and for tests. */
export function pipelineCount(): number {
  return pipelines.get(activeBackend().device)?.size ?? 0;
}

/**
 * Records one run of a kernel.
 *
 * @param tensors one per buffer spec, in order; a `write` buffer may be an existing tensor (in place) or a fresh one
 * @param params value of each parameter by name
 * @param workgroups number of workgroups, each at most 65,535
 */
export function runKernel(
  kernel: Kernel,
  tensors: readonly TensorInfo[],
  params: Readonly<Record<string, number>>,
  workgroups: readonly [number, number, number],
): void {
  if (tensors.length !== kernel.buffers.length) {
    throw new Error(
      `${kernel.name}: ${kernel.buffers.length} buffers declared, ${tensors.length} given`,
    );
  }
  if (workgroups.some((count) => count === 0)) return;
  const uniforms = kernel.params.map(({ name, type }): UniformField => {
    const value = params[name];
    if (value === undefined) throw new Error(`${kernel.name}: parameter ${name} is missing`);
    return {
      type: type === 'f32' ? 'float32' : type === 'u32' ? 'uint32' : 'int32',
      data: [value],
    };
  });
  const backend = activeBackend();
  backend.dispatch({
    pipeline: pipelineFor(backend.device, kernel),
    tensors,
    uniforms,
    workgroups,
  });
}

/**
 * A fresh tensor for a kernel to write to. Its contents are whatever the recycled buffer held: the kernel must write
 * every element.
 */
export function emptyTensor<T extends Tensor = Tensor>(
  shape: readonly number[],
  dtype: 'float32' | 'int32' = 'float32',
): T {
  const info = activeBackend().makeTensorInfo([...shape], dtype);
  return tf.engine().makeTensorFromTensorInfo(info) as T;
}

/**
 * Workgroup counts for `count` items in workgroups of `size`, folded into x and y (each at most 65,535). In WGSL the
 * item is `id.x + id.y * params.rowSize` with `rowSize` = {@link FoldedDispatch.rowSize} and must be checked against
 * the count.
 */
export function foldWorkgroups(count: number, size: number): FoldedDispatch {
  const groups = Math.ceil(count / size);
  const x = Math.min(groups, 65_535);
  const y = x === 0 ? 0 : Math.ceil(groups / x);
  return { workgroups: [x, y, x === 0 ? 0 : 1], rowSize: x * size };
}

export interface FoldedDispatch {
  readonly workgroups: readonly [number, number, number];
  readonly rowSize: number;
}
