/** A linear layer and its gradients. `dy` is the gradient of the result. */
export interface LinearInput {
  readonly inputs: number;
  readonly outputs: number;
  /** [R, inputs] */
  readonly x: ArrayLike<number>;
  /** [inputs, outputs] */
  readonly weight: ArrayLike<number>;
  /** [outputs] */
  readonly bias?: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
  readonly relu: boolean;
}

export type LinearReference = Readonly<Record<'y' | 'dx' | 'dWeight' | 'dBias', Float64Array>>;

/** y = x·W + b (then ReLU) and its gradients by the definition, in float64. */
export function linearReference(input: LinearInput): LinearReference {
  const { inputs, outputs, x, weight, bias, dy, relu } = input;
  const rows = x.length / inputs;
  const y = new Float64Array(rows * outputs);
  const dx = new Float64Array(rows * inputs);
  const dWeight = new Float64Array(inputs * outputs);
  const dBias = new Float64Array(outputs);
  for (let r = 0; r < rows; r++)
    for (let o = 0; o < outputs; o++) {
      let sum = bias?.[o] ?? 0;
      for (let i = 0; i < inputs; i++)
        sum += (x[r * inputs + i] ?? 0) * (weight[i * outputs + o] ?? 0);
      y[r * outputs + o] = relu ? Math.max(sum, 0) : sum;
      const gradient = !relu || sum > 0 ? (dy[r * outputs + o] ?? 0) : 0;
      dBias[o] = (dBias[o] ?? 0) + gradient;
      for (let i = 0; i < inputs; i++) {
        const xAt = r * inputs + i;
        const wAt = i * outputs + o;
        dx[xAt] = (dx[xAt] ?? 0) + gradient * (weight[wAt] ?? 0);
        dWeight[wAt] = (dWeight[wAt] ?? 0) + gradient * (x[xAt] ?? 0);
      }
    }
  return { y, dx, dWeight, dBias };
}
