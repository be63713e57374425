import { create, globals } from 'webgpu';

/**
 * Puts Dawn's WebGPU where a worker would have it, so that the engine runs in Node unchanged: the WebGPU globals
 * (GPUBuffer …), `navigator.gpu`, and `WorkerGlobalScope`, by which tfjs-webgpu recognises a place that may have a GPU.
 *
 * The Vulkan driver is chosen by the environment when the first adapter is requested: see `vulkan-icd.node.ts`.
 */
export function installNodeGpu(): GPU {
  Object.assign(globalThis, globals);
  const gpu: GPU = create([]);
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu, userAgent: `node/${process.versions.node}`, hardwareConcurrency: 2 },
    configurable: true,
  });
  Object.defineProperty(globalThis, 'WorkerGlobalScope', { value: class {}, configurable: true });
  return gpu;
}
