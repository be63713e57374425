import type { DetectionBatch } from '../../models/detectors/detector.ts';
import { FasterRcnn } from '../../models/detectors/faster-rcnn.ts';
import { RetinaNet } from '../../models/detectors/retinanet.ts';
import { isLossKey } from '../../models/detectors/detector.ts';
import { readParameters, writeParameter } from '../../models/parameter-io.ts';
import { normaliseImages } from '../../ops/image/normalise-image.ts';
import { Optimizer } from '../../train/optimizers/optimizer.ts';
import { NO_PARAMWISE } from '../../train/optimizers/paramwise.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import type { Scalar, Tensor, Tensor4D } from '../../tensor/tf.ts';
import { uploadInputs, uploadNormalised } from './gpu-batch.ts';
import { evaluateFasterRcnn, fasterRcnnInternals } from './gpu-faster-rcnn.ts';
import { evaluateRetinaNet, retinaNetInternals } from './gpu-retinanet.ts';
import type { NamedWeights } from './hash-init.ts';
import type { FixtureModelOptions } from './model-config.ts';
import type {
  FirstStep,
  Losses,
  ModelInputs,
  ModelUnderTest,
  SgdOptions,
  Training,
} from './model-under-test.ts';

/** A detector of the engine with a batch. */
export interface GpuRun<M> {
  readonly model: M;
  readonly batch: DetectionBatch;
  /** The backbone's input, float32 [B, H, W, 3]. */
  readonly images: () => Tensor4D;
}

/** The engine's own detector on the GPU. */
export class GpuModel implements ModelUnderTest {
  readonly #options: FixtureModelOptions;
  readonly #model: RetinaNet | FasterRcnn;
  readonly #weights: ReadonlyMap<string, NamedWeights>;
  readonly #batch: DetectionBatch;
  readonly #normalised: Tensor4D | null;

  /** @param weights every tensor, by MMDetection's names */
  constructor(
    options: FixtureModelOptions,
    weights: ReadonlyMap<string, NamedWeights>,
    inputs: ModelInputs,
  ) {
    this.#options = options;
    this.#model =
      options.type === 'RetinaNet' ? new RetinaNet(options, 0) : new FasterRcnn(options, 0);
    this.#weights = weights;
    this.#batch = uploadInputs(inputs);
    this.#normalised = uploadNormalised(inputs);
    this.#writeWeights();
  }

  evaluate() {
    const run = { batch: this.#batch, images: () => this.#images() };
    return this.#model instanceof RetinaNet
      ? evaluateRetinaNet({ ...run, model: this.#model })
      : evaluateFasterRcnn({ ...run, model: this.#model });
  }

  internals() {
    const run = { batch: this.#batch, images: () => this.#images() };
    return this.#model instanceof RetinaNet
      ? retinaNetInternals({ ...run, model: this.#model })
      : fasterRcnnInternals({ ...run, model: this.#model });
  }

  async firstStep(): Promise<FirstStep> {
    const { parameters } = this.#model;
    const trainable = parameters.trainable();
    const { values, grads } = this.#lossesAndGradients();
    const losses = await this.#readLosses(values);
    const gradients = new Map<string, ArrayLike<number> | null>(
      parameters.list().map(({ name }) => [name, null]),
    );
    for (const { name, variable, layout } of trainable) {
      const gradient = grads[variable.name];
      if (gradient === undefined) throw new Error(`${name} has no gradient`);
      gradients.set(name, layout.toTorch(await readTensor(gradient)));
    }
    tf.dispose([values, grads]);
    return { losses, gradients };
  }

  async train(options: SgdOptions, steps: number): Promise<Training> {
    const { parameters } = this.#model;
    const optimizer = new Optimizer(parameters.trainable(), {
      algorithm: {
        type: 'SGD',
        momentum: options.momentum,
        nesterov: false,
        weightDecay: options.weightDecay,
      },
      paramwise: NO_PARAMWISE,
      clipMaxNorm: 0,
    });
    const history: Losses[] = [];
    let afterFirst: Training['afterFirst'] = new Map();
    for (let step = 0; step < steps; step++) {
      const { values, grads } = this.#lossesAndGradients();
      const norm = optimizer.step(grads, options.lr);
      const [gradNorm = Number.NaN] = await readTensor(norm);
      history.push({ ...(await this.#readLosses(values)), grad_norm: gradNorm });
      tf.dispose([values, grads, norm]);
      if (step > 0) continue;
      const tensors = await readParameters(parameters);
      afterFirst = new Map(tensors.map(({ name, shape, data }) => [name, { shape, data }]));
    }
    optimizer.dispose();
    this.#writeWeights();
    return { history, afterFirst };
  }

  dispose(): void {
    this.#model.dispose();
    const { inputSize: _size, gtIgnore: _none, ...tensors } = this.#batch;
    tf.dispose(tensors);
    this.#normalised?.dispose();
  }

  #images(): Tensor4D {
    const { bytes, imgShapes, inputSize } = this.#batch;
    return (
      this.#normalised ?? normaliseImages(bytes, imgShapes, inputSize, this.#options.preprocess)
    );
  }

  /** One training step up to the gradients; the values are those of the log keys. */
  #lossesAndGradients(): {
    readonly values: Tensor[];
    readonly grads: Record<string, Tensor>;
  } {
    const model = this.#model;
    const { logKeys } = model;
    return tf.tidy(() => {
      const frozen = model.extractor.prepareImages(this.#images());
      const forward = this.#lossesOf(model, frozen);
      let values: readonly Tensor[] = [];
      const variables = model.parameters.trainable().map(({ variable }) => variable);
      const { grads } = tf.variableGrads(() => {
        values = forward().map((value) => tf.keep(value));
        const losses = values.filter((_, i) => isLossKey(logKeys[i] ?? ''));
        return losses.map(first).reduce((sum, loss) => tf.add<Scalar>(sum, loss));
      }, variables);
      return { values: [...values], grads };
    });
  }

  #lossesOf(
    model: RetinaNet | FasterRcnn,
    frozen: ReturnType<RetinaNet['extractor']['prepareImages']>,
  ): () => readonly Tensor[] {
    const batch = this.#batch;
    const pyramid = () => model.extractor.forward(frozen, true);
    const anchors = model.anchorsFor(batch.inputSize);
    if (model instanceof RetinaNet) {
      const targets = model.assign(batch, anchors);
      return () => model.losses(model.headOutputs(pyramid()), targets);
    }
    const targets = model.rpnTargets(batch, anchors);
    return () => model.losses(pyramid(), batch, targets);
  }

  async #readLosses(values: readonly Tensor[]): Promise<Losses> {
    const { logKeys } = this.#model;
    const read = await Promise.all(values.map((value) => readTensor(value)));
    const entries = logKeys.map((key, i) => [key, read[i]?.[0] ?? Number.NaN] as const);
    const total = entries.reduce((sum, [key, value]) => (isLossKey(key) ? sum + value : sum), 0);
    return { ...Object.fromEntries(entries), total };
  }

  #writeWeights(): void {
    for (const parameter of this.#model.parameters.list()) {
      const values = this.#weights.get(parameter.name);
      if (values === undefined) throw new Error(`the fixture has no weights for ${parameter.name}`);
      writeParameter(parameter, values.data);
    }
  }
}

/** The first element: what counts of a logged value. */
function first(value: Tensor): Scalar {
  return tf.slice(value.flatten(), 0, 1).asScalar();
}
