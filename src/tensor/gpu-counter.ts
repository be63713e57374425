/** What a device was asked to do. */
export interface GpuCounts {
  readonly dispatches: number;
  readonly submits: number;
  /** Buffers mapped for reading. */
  readonly readbacks: number;
  readonly createBuffers: number;
  readonly createBindGroups: number;
  /** Queue writes to buffers. */
  readonly bufferWrites: number;
  /** Dispatches by the label of their pipeline: the kernel's name. */
  readonly kernels: Readonly<Record<string, number>>;
}

export interface GpuCounterOptions {
  /**
   * False: dispatches, queue writes and submits are counted and not made, so that a step of a big model can be counted
   * on any device in a moment. Nothing that is read back afterwards means anything, and the host must not be used on.
   */
  readonly execute: boolean;
}

type Numbers = { -readonly [K in Exclude<keyof GpuCounts, 'kernels'>]: number };

const ZERO: Numbers = {
  dispatches: 0,
  submits: 0,
  readbacks: 0,
  createBuffers: 0,
  createBindGroups: 0,
  bufferWrites: 0,
};

/**
 * Counts the calls of the WebGPU API, whoever makes them (our kernels or tfjs), by wrapping the methods of its classes;
 * so it sees all devices, and there may be one counter at a time. {@link stop} puts the methods back.
 */
export class GpuCounter {
  readonly #restore: (() => void)[] = [];
  #numbers: Numbers = { ...ZERO };
  #kernels = new Map<string, number>();
  /** The pipeline that each open pass has set. */
  readonly #labels = new WeakMap<object, string>();
  readonly #sizes = new WeakMap<object, number>();
  #bytes = 0;
  #peakBytes = 0;

  /** @param device any device of the implementation to be counted; buffers made before are not in the bytes */
  constructor(device: GPUDevice, { execute }: GpuCounterOptions) {
    const { encoder, pass, buffer } = sampleObjects(device);
    this.#wrap(device, 'createBindGroup', () => this.#count('createBindGroups'));
    this.#wrap(device, 'createBuffer', (_self, _args, made) => {
      this.#count('createBuffers');
      if (isObject(made)) this.#allocated(made);
    });
    this.#wrap(buffer, 'destroy', (self) => {
      this.#bytes -= this.#sizes.get(self) ?? 0;
      this.#sizes.delete(self);
    });
    this.#wrap(buffer, 'mapAsync', (_self, [mode]) => {
      if (mode === GPUMapMode.READ) this.#count('readbacks');
    });
    this.#wrap(pass, 'setPipeline', (self, [pipeline]) => {
      this.#labels.set(self, labelOf(pipeline));
    });
    const calls = { skip: !execute };
    this.#wrap(
      pass,
      'dispatchWorkgroups',
      (self) => {
        this.#count('dispatches');
        const label = this.#labels.get(self) ?? '';
        this.#kernels.set(label, (this.#kernels.get(label) ?? 0) + 1);
      },
      calls,
    );
    this.#wrap(device.queue, 'submit', () => this.#count('submits'), calls);
    this.#wrap(device.queue, 'writeBuffer', () => this.#count('bufferWrites'), calls);
    pass.end();
    encoder.finish();
    buffer.destroy();
  }

  /** Counts since the start or the last call; kernels most frequent first. */
  take(): GpuCounts {
    const kernels = [...this.#kernels].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const counts = { ...this.#numbers, kernels: Object.fromEntries(kernels) };
    this.#numbers = { ...ZERO };
    this.#kernels = new Map();
    return counts;
  }

  /** Counts so far since the start or the last {@link take}. */
  get counts(): Readonly<Numbers> {
    return this.#numbers;
  }

  /** Most bytes of buffers alive at one time since the start. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Puts the methods back. */
  stop(): void {
    for (const undo of this.#restore.splice(0)) undo();
  }

  #count(key: keyof Numbers): void {
    this.#numbers[key] += 1;
  }

  #allocated(buffer: object): void {
    const size: unknown = Reflect.get(buffer, 'size');
    if (typeof size !== 'number') return;
    this.#sizes.set(buffer, size);
    this.#bytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
  }

  /** Replaces a method of an object's class by one that reports and calls it, or only reports. */
  #wrap<T extends object>(
    instance: T,
    method: keyof T & string,
    seen: (self: object, args: readonly unknown[], result: unknown) => void,
    { skip }: { readonly skip: boolean } = { skip: false },
  ): void {
    const prototype: unknown = Object.getPrototypeOf(instance);
    const original: unknown = Reflect.get(instance, method);
    if (!isObject(prototype) || typeof original !== 'function') {
      throw new Error(`GpuCounter: ${method} is no method of a class`);
    }
    const wrapped = function counted(this: object, ...args: unknown[]): unknown {
      const result: unknown = skip ? undefined : Reflect.apply(original, this, args);
      seen(this, args, result);
      return result;
    };
    Reflect.set(prototype, method, wrapped);
    this.#restore.push(() => Reflect.set(prototype, method, original));
  }
}

/** One object of each class whose methods are counted. */
function sampleObjects(device: GPUDevice) {
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST });
  return { encoder, pass, buffer };
}

function labelOf(pipeline: unknown): string {
  const label: unknown = isObject(pipeline) ? Reflect.get(pipeline, 'label') : undefined;
  return typeof label === 'string' ? label : '';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
