import { hwioToOihw, oihwToHwio, transposed } from '../../ops/oracle/nchw.ts';
import type { NamedWeights } from '../models/hash-init.ts';
import type { PlainArray } from '../models/model-under-test.ts';
import type { NormVectors } from './layers.ts';
import { constantValue, trainedValue } from './tape.ts';
import type { Value } from './tape.ts';

/** Which tensors are trained, by MMDetection's names. */
export type IsTrained = (name: string) => boolean;

/** The tensors of the plain network by MMDetection's names, and their momentum. */
export class Parameters {
  readonly #values = new Map<string, Value>();
  readonly #velocity = new Map<string, Float32Array>();
  readonly #flattened: ReadonlyMap<string, readonly [height: number, width: number]>;
  readonly #shapes = new Map<string, readonly number[]>();

  /**
   * @param weights in PyTorch's layout
   * @param flattened linear layers that read a map, and its bins: PyTorch flattens channel by channel
   */
  constructor(
    weights: ReadonlyMap<string, NamedWeights>,
    isTrained: IsTrained,
    flattened: ReadonlyMap<string, readonly [height: number, width: number]>,
  ) {
    this.#flattened = flattened;
    for (const [name, { shape, data }] of weights) {
      this.#shapes.set(name, shape);
      const own = this.#toOwn(name, { shape, data });
      const make = isTrained(name) ? trainedValue : constantValue;
      this.#values.set(name, make(Float32Array.from(own.data), own.shape));
    }
  }

  get(name: string): Value {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`the fixture has no weights for ${name}`);
    return value;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  norm(name: string): NormVectors {
    return {
      weight: this.get(`${name}.weight`),
      bias: this.get(`${name}.bias`),
      mean: this.get(`${name}.running_mean`).data,
      variance: this.get(`${name}.running_var`).data,
    };
  }

  names(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** Gradients in PyTorch's layout; null for what is not trained. */
  gradients(): Map<string, ArrayLike<number> | null> {
    return new Map(
      this.names().map((name) => {
        const { tracked, grad, data } = this.get(name);
        return [
          name,
          tracked ? this.#toTorch(name, grad ?? new Float32Array(data.length)).data : null,
        ];
      }),
    );
  }

  clearGradients(): void {
    for (const value of this.#values.values()) value.grad = null;
  }

  /** √ Σ of all squares of the gradients. */
  gradientNorm(): number {
    let squares = 0;
    for (const { grad } of this.#values.values()) {
      if (grad !== null) for (const value of grad) squares += value * value;
    }
    return Math.sqrt(squares);
  }

  /** One step of PyTorch's SGD. */
  sgd({ lr, momentum, weightDecay }: Readonly<Record<'lr' | 'momentum' | 'weightDecay', number>>) {
    for (const [name, { tracked, data, grad }] of this.#values) {
      if (!tracked || grad === null) continue;
      const velocity = this.#velocity.get(name) ?? new Float32Array(data.length);
      this.#velocity.set(name, velocity);
      for (let i = 0; i < data.length; i++) {
        const step = (grad[i] ?? 0) + weightDecay * (data[i] ?? 0);
        const moved = momentum * (velocity[i] ?? 0) + step;
        velocity[i] = moved;
        data[i] = (data[i] ?? 0) - lr * moved;
      }
    }
  }

  /** All tensors in PyTorch's layout. */
  snapshot(): Map<string, PlainArray> {
    return new Map(
      this.names().map((name) => [name, this.#toTorch(name, this.get(name).data.slice())]),
    );
  }

  /** HWIO and [in, out], as everything of this network lies. */
  #toOwn(name: string, weights: PlainArray): PlainArray {
    if (weights.shape.length === 4) return oihwToHwio(weights);
    if (weights.shape.length !== 2) return weights;
    const bins = this.#flattened.get(name);
    if (bins === undefined) return transposed(weights);
    const [outs = 0, ins = 0] = weights.shape;
    const asMap = [outs, ins / (bins[0] * bins[1]), ...bins];
    return { shape: [ins, outs], data: oihwToHwio({ shape: asMap, data: weights.data }).data };
  }

  #toTorch(name: string, data: Float32Array<ArrayBuffer>): PlainArray {
    const shape = this.#shapes.get(name) ?? [];
    const own = this.get(name).shape;
    if (shape.length === 4) return { shape, data: hwioToOihw({ shape: own, data }).data };
    if (shape.length !== 2) return { shape, data };
    const bins = this.#flattened.get(name);
    if (bins === undefined) return { shape, data: transposed({ shape: own, data }).data };
    const [ins = 0, outs = 0] = own;
    const asMap = [...bins, ins / (bins[0] * bins[1]), outs];
    return { shape, data: hwioToOihw({ shape: asMap, data }).data };
  }
}
