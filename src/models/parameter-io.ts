import { readTensor } from '../tensor/read.ts';
import { overwrite } from '../tensor/upload.ts';
import type { Parameter, ParameterSet } from './parameter-set.ts';

/** A tensor of a model on the host, in PyTorch's layout. */
export interface HostTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** Reads all tensors back, in state_dict order. Not inside a training step. */
export async function readParameters(parameters: ParameterSet): Promise<readonly HostTensor[]> {
  return Promise.all(
    parameters.list().map(async ({ name, shape, layout, variable }) => ({
      name,
      shape,
      data: layout.toTorch(await readTensor(variable)),
    })),
  );
}

/**
 * Overwrites one parameter with values in PyTorch's layout.
 *
 * @throws Error when the number of values is not the parameter's
 */
export function writeParameter(parameter: Parameter, values: Float32Array<ArrayBuffer>): void {
  const { name, layout, variable } = parameter;
  if (values.length !== variable.size) {
    throw new Error(`writeParameter: ${name} has ${variable.size} values, got ${values.length}`);
  }
  overwrite(variable, layout.toGpu(values));
}
