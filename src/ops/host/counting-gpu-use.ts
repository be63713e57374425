/** What happened on the GPU since counting began. */
export interface GpuUse {
  readonly dispatches: number;
  /** Buffers mapped, that is, readbacks. */
  readonly reads: number;
}

/** Counting, until it is stopped. */
export interface GpuUseCounter {
  counts(): GpuUse;
  /** Puts the API back as it was. */
  stop(): void;
}

/** Counts dispatches and readbacks by wrapping the WebGPU API. Used by tests only. */
export function countingGpuUse(): GpuUseCounter {
  let dispatches = 0;
  let reads = 0;
  const restore = [
    wrap(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', () => (dispatches += 1)),
    wrap(GPUBuffer.prototype, 'mapAsync', () => (reads += 1)),
  ];
  return {
    counts: () => ({ dispatches, reads }),
    stop() {
      for (const undo of restore) undo();
    },
  };
}

/** Replaces a method of a prototype by one that counts and calls it; returns what undoes it. */
function wrap<T extends object>(
  prototype: T,
  method: keyof T & string,
  count: () => void,
): () => void {
  const original: unknown = Reflect.get(prototype, method);
  if (typeof original !== 'function') throw new Error(`${method} is no method`);
  Reflect.set(prototype, method, function counted(this: unknown, ...args: unknown[]): unknown {
    count();
    return Reflect.apply(original, this, args);
  });
  return () => Reflect.set(prototype, method, original);
}
