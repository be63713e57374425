import { normaliseImagesReference } from '../../ops/image/normalise-image.reference.ts';
import { nchwToNhwc } from '../../ops/oracle/nchw.ts';
import type { NamedWeights } from '../models/hash-init.ts';
import type { FixtureModelOptions } from '../models/model-config.ts';
import type {
  Evaluation,
  FirstStep,
  ImageInternals,
  Losses,
  ModelInputs,
  ModelUnderTest,
  SgdOptions,
  Training,
} from '../models/model-under-test.ts';
import { PyramidNetwork } from './network.ts';
import { Parameters } from './parameters.ts';
import type { ReferenceDetector } from './reference-detector.ts';
import { ReferenceFasterRcnn } from './reference-faster-rcnn.ts';
import { ReferenceRetinaNet } from './reference-retinanet.ts';
import { constantValue, Tape } from './tape.ts';
import type { Value } from './tape.ts';

/** The network in plain TypeScript over the kernels' slow twins: models without a GPU. */
export class ReferenceModel implements ModelUnderTest {
  readonly #options: FixtureModelOptions;
  readonly #weights: ReadonlyMap<string, NamedWeights>;
  readonly #inputs: ModelInputs;
  readonly #images: Value;

  /** @param weights every tensor, by MMDetection's names */
  constructor(
    options: FixtureModelOptions,
    weights: ReadonlyMap<string, NamedWeights>,
    inputs: ModelInputs,
  ) {
    this.#options = options;
    this.#weights = weights;
    this.#inputs = inputs;
    this.#images = normalisedImages(options, inputs);
  }

  evaluate(): Promise<Evaluation> {
    return Promise.resolve(this.#detector().detector.evaluate(this.#images));
  }

  internals(): Promise<readonly ImageInternals[]> {
    return Promise.resolve(this.#detector().detector.internals(this.#images));
  }

  firstStep(): Promise<FirstStep> {
    const { detector, parameters } = this.#detector();
    const tape = new Tape();
    const losses = detector.losses(tape, this.#images);
    tape.backward();
    return Promise.resolve({ losses, gradients: parameters.gradients() });
  }

  train(options: SgdOptions, steps: number): Promise<Training> {
    const { detector, parameters } = this.#detector();
    const history: Losses[] = [];
    let afterFirst: Training['afterFirst'] = new Map();
    for (let step = 0; step < steps; step++) {
      const tape = new Tape();
      const losses = detector.losses(tape, this.#images);
      tape.backward();
      history.push({ ...losses, grad_norm: parameters.gradientNorm() });
      parameters.sgd(options);
      parameters.clearGradients();
      if (step === 0) afterFirst = parameters.snapshot();
    }
    return Promise.resolve({ history, afterFirst });
  }

  dispose(): void {
    // Nothing is held outside this object.
  }

  /** A fresh network with the fixture's weights. */
  #detector(): { readonly detector: ReferenceDetector; readonly parameters: Parameters } {
    const options = this.#options;
    const parameters = new Parameters(
      this.#weights,
      (name) => isTrained(name, options),
      flattenedLayers(options),
    );
    const network = new PyramidNetwork(options, parameters);
    const parts = {
      network,
      parameters,
      inputs: this.#inputs,
      imgShapes: shapesOf(this.#inputs),
    };
    const detector =
      options.type === 'RetinaNet'
        ? new ReferenceRetinaNet(options, parts)
        : new ReferenceFasterRcnn(options, parts);
    return { detector, parameters };
  }
}

function shapesOf({ size, images, imgShapes, targets }: ModelInputs) {
  const [, height, width] = size;
  return (
    images?.map((image) => [image.height, image.width] as const) ??
    imgShapes ??
    targets.map(() => [height, width] as const)
  );
}

/** MMDetection's rule: stem and the first stages are frozen, buffers and torchvision's frozen norms never trained. */
function isTrained(name: string, { backbone }: FixtureModelOptions): boolean {
  if (/running_(mean|var)$/.test(name)) return false;
  if (!name.startsWith('backbone.')) return true;
  const stage = Number(/^backbone\.layer(\d)/.exec(name)?.[1] ?? 0);
  if (stage <= backbone.frozenStages) return false;
  const isNorm = /\.(bn\d|downsample\.1)\./.test(name);
  return !isNorm || backbone.norm.requiresGrad;
}

function flattenedLayers(options: FixtureModelOptions) {
  const layers = new Map<string, readonly [number, number]>();
  if (options.type === 'FasterRCNN') {
    layers.set('roi_head.bbox_head.shared_fcs.0.weight', options.roiHead.extractor.outputSize);
  }
  return layers;
}

function normalisedImages({ preprocess }: FixtureModelOptions, inputs: ModelInputs): Value {
  const { size, images, normalised } = inputs;
  if (images === null) {
    if (normalised === null) throw new Error('the fixture has neither images nor their values');
    const { shape, data } = nchwToNhwc(normalised);
    return constantValue(data, shape);
  }
  const [batch, height, width] = size;
  const packed = new Uint8Array(batch * height * width * 3);
  for (const [index, image] of images.entries()) {
    for (let row = 0; row < image.height; row++) {
      const from = row * image.width * 3;
      const to = (index * height + row) * width * 3;
      packed.set(image.data.subarray(from, from + image.width * 3), to);
    }
  }
  const values = normaliseImagesReference(packed, shapesOf(inputs), size, preprocess);
  return constantValue(Float32Array.from(values), [batch, height, width, 3]);
}
