import type { Backend } from '../oracle-case.ts';
import { ReferenceModel } from '../reference-net/reference-model.ts';
import { GpuModel } from './gpu-model.ts';
import type { NamedWeights } from './hash-init.ts';
import type { FixtureModelOptions } from './model-config.ts';
import type { ModelInputs, ModelUnderTest } from './model-under-test.ts';

/** A detector with weights by MMDetection's names: the engine's own, or the plain network over the slow twins. */
export function createModel(
  backend: Backend,
  options: FixtureModelOptions,
  weights: ReadonlyMap<string, NamedWeights>,
  inputs: ModelInputs,
): ModelUnderTest {
  const Model = backend === 'webgpu' ? GpuModel : ReferenceModel;
  return new Model(options, weights, inputs);
}
