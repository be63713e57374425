import { rng } from '../base/rng.ts';
import type { Rng } from '../base/rng.ts';
import { tf } from '../tensor/tf.ts';
import type { Variable } from '../tensor/tf.ts';
import { sameLayout } from './parameter-layout.ts';
import type { LayoutOf, ParameterLayout } from './parameter-layout.ts';

/**
 * What a tensor of the model is for. It decides weight decay and learning-rate multipliers (MMDetection's
 * paramwise_cfg), and buffers are saved but never trained.
 */
export type ParameterRole = 'weight' | 'bias' | 'norm-weight' | 'norm-bias' | 'buffer';

export interface Parameter {
  /** MMDetection's state_dict key, e.g. `backbone.layer1.0.conv1.weight`. */
  readonly name: string;
  /** PyTorch's shape: OIHW for convolutions, [out, in] for linear layers, [C] for vectors. */
  readonly shape: readonly number[];
  readonly role: ParameterRole;
  readonly trainable: boolean;
  /** How PyTorch's values lie in {@link variable}. */
  readonly layout: ParameterLayout;
  readonly variable: Variable;
}

/** What a module says of a tensor that it adds. */
export interface ParameterSpec extends Omit<Parameter, 'layout' | 'variable'> {
  /** Needed from rank 2 on; vectors and scalars lie as in PyTorch. */
  readonly layout?: LayoutOf;
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

  /** Adds a tensor; throws on a key that is taken, and on a matrix without a layout. */
  add({ layout: layoutOf, ...spec }: ParameterSpec, initialise: Initialiser): Variable {
    if (this.#byName.has(spec.name))
      throw new Error(`ParameterSet: two tensors named ${spec.name}`);
    if (layoutOf === undefined && spec.shape.length > 1)
      throw new Error(`ParameterSet: ${spec.name} [${spec.shape.join(', ')}] needs a layout`);
    const layout = (layoutOf ?? sameLayout)(spec.shape);
    const values = initialise(spec.shape, rng(this.#seed, hashName(spec.name)));
    const initial = tf.tensor(layout.toGpu(values), [...layout.gpuShape]);
    const variable = tf.variable(initial, spec.trainable);
    initial.dispose();
    this.#byName.set(spec.name, { ...spec, layout, variable });
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

/** FNV-1a, 32 bits: a stable counter for a name's random stream. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
