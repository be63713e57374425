import { rng } from '../base/rng.ts';
import type { Rng } from '../base/rng.ts';
import { tf } from '../tensor/tf.ts';
import type { Variable } from '../tensor/tf.ts';

/**
 * What a tensor of the model is for. It decides weight decay and learning-rate multipliers (MMDetection's
 * paramwise_cfg), and buffers are saved but never trained.
 */
export type ParameterRole = 'weight' | 'bias' | 'norm-weight' | 'norm-bias' | 'buffer';

export interface Parameter {
  /** MMDetection's state_dict key, e.g. `backbone.layer1.0.conv1.weight`. */
  readonly name: string;
  /** PyTorch's shape: OIHW for convolutions, [C] for vectors. */
  readonly shape: readonly number[];
  readonly role: ParameterRole;
  readonly trainable: boolean;
  /** The GPU tensor; HWIO for convolutions. */
  readonly variable: Variable;
}

/** Fills a tensor, in PyTorch's layout. */
export type Initialiser = (shape: readonly number[], random: Rng) => Float32Array<ArrayBuffer>;

/**
 * All tensors of a model by MMDetection's key, in state_dict order. Each is drawn from its own random stream (seed, name),
 * so that adding a module does not change the others.
 */
export class ParameterSet {
  readonly #byName = new Map<string, Parameter>();
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Adds a tensor; throws on a key that is taken. */
  add(spec: Omit<Parameter, 'variable'>, initialise: Initialiser): Variable {
    if (this.#byName.has(spec.name))
      throw new Error(`ParameterSet: two tensors named ${spec.name}`);
    const values = initialise(spec.shape, rng(this.#seed, hashName(spec.name)));
    const initial = tf.tensor(fromTorchLayout(values, spec.shape), gpuShape(spec.shape));
    const variable = tf.variable(initial, spec.trainable);
    initial.dispose();
    this.#byName.set(spec.name, { ...spec, variable });
    return variable;
  }

  /** In the order of MMDetection's state_dict. */
  list(): readonly Parameter[] {
    return [...this.#byName.values()];
  }

  trainable(): readonly Parameter[] {
    return this.list().filter((parameter) => parameter.trainable);
  }

  get(name: string): Parameter | undefined {
    return this.#byName.get(name);
  }

  dispose(): void {
    for (const { variable } of this.#byName.values()) variable.dispose();
    this.#byName.clear();
  }
}

/** Shape of a tensor on the GPU: HWIO where PyTorch has OIHW. */
function gpuShape(shape: readonly number[]): number[] {
  const [out, input, height, width] = shape;
  if (shape.length !== 4) return [...shape];
  return [height ?? 0, width ?? 0, input ?? 0, out ?? 0];
}

/** OIHW values to HWIO; other ranks are returned as they are. */
export function fromTorchLayout(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  return permute(values, shape, 'to-hwio');
}

/** HWIO values to OIHW, for a parameter whose PyTorch shape is given. */
export function toTorchLayout(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): Float32Array<ArrayBuffer> {
  return permute(values, shape, 'to-oihw');
}

function permute(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
  direction: 'to-hwio' | 'to-oihw',
): Float32Array<ArrayBuffer> {
  const [outs, ins, height, width] = shape;
  if (outs === undefined || ins === undefined || height === undefined || width === undefined) {
    return values;
  }
  const result = new Float32Array(values.length);
  let oihw = 0;
  for (let o = 0; o < outs; o++)
    for (let i = 0; i < ins; i++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const hwio = ((y * width + x) * ins + i) * outs + o;
          if (direction === 'to-hwio') result[hwio] = values[oihw] ?? 0;
          else result[oihw] = values[hwio] ?? 0;
          oihw += 1;
        }
  return result;
}

/** FNV-1a, 32 bits: a stable counter for a name's random stream. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
