/** A tensor of the plain network, channels innermost: maps [N, H, W, C], matrices [R, C], float32. */
export interface Value {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
  /** Whether anything that is trained led to it. */
  readonly tracked: boolean;
  /** Σ of what flowed back; made when the first part comes. */
  grad: Float32Array<ArrayBuffer> | null;
}

/** A constant, or an input that nothing is trained through. */
export function constantValue(data: Float32Array<ArrayBuffer>, shape: readonly number[]): Value {
  return { shape, data, tracked: false, grad: null };
}

/** A tensor that is trained. */
export function trainedValue(data: Float32Array<ArrayBuffer>, shape: readonly number[]): Value {
  return { shape, data, tracked: true, grad: null };
}

/** The gradient of a value, made of zeros where nothing has flowed back yet. */
export function gradientOf(value: Value): Float32Array<ArrayBuffer> {
  value.grad ??= new Float32Array(value.data.length);
  return value.grad;
}

/**
 * A plain reverse-mode tape: operators append how their result's gradient goes to their inputs, and `backward` runs that
 * in reverse. What nothing trained leads to is not recorded.
 */
export class Tape {
  readonly #steps: (() => void)[] = [];

  /**
   * A result of an operator.
   *
   * @param backward adds to the gradients of the inputs, given that of the result; not called where none flowed
   */
  record(
    data: Float32Array<ArrayBuffer>,
    shape: readonly number[],
    inputs: readonly Value[],
    backward: (dy: Float32Array<ArrayBuffer>) => void,
  ): Value {
    const result: Value = {
      shape,
      data,
      tracked: inputs.some(({ tracked }) => tracked),
      grad: null,
    };
    if (result.tracked) {
      this.#steps.push(() => {
        if (result.grad !== null) backward(result.grad);
      });
    }
    return result;
  }

  /** Runs everything recorded backwards; the gradients of what it started from must be there. */
  backward(): void {
    for (const step of this.#steps.toReversed()) step();
    this.#steps.length = 0;
  }
}

/** Adds an array to a gradient. */
export function addTo(target: Float32Array, values: ArrayLike<number>): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + (values[i] ?? 0);
}
