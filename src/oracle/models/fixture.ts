import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import type { Backend } from '../oracle-case.ts';
import { createModel } from './create-model.ts';
import { absSum, initialWeights } from './hash-init.ts';
import type { NamedWeights } from './hash-init.ts';
import { modelOptions } from './model-config.ts';
import type { FixtureModelOptions } from './model-config.ts';
import type {
  Evaluation,
  FirstStep,
  ImageInternals,
  ModelInputs,
  ModelUnderTest,
  Picture,
} from './model-under-test.ts';
import { mmdetName } from './torchvision-names.ts';

/** A model folder as it was read. */
export interface ModelFolder {
  /** config.json */
  readonly config: unknown;
  /** fixture.json and .bin */
  readonly cases: readonly PackedCase[];
  /** Decoded image0, image1 …; null where the folder has none. */
  readonly images: readonly Picture[] | null;
}

/** A model's fixture: its cases, and the model that they are about, made and run once for all of them. */
export class ModelFixture {
  readonly options: FixtureModelOptions;
  readonly cases: readonly PackedCase[];
  readonly #images: readonly Picture[] | null;
  #weights: ReadonlyMap<string, NamedWeights> | undefined;
  #model: ModelUnderTest | undefined;
  #evaluation: Promise<Evaluation> | undefined;
  #internals: Promise<readonly ImageInternals[]> | undefined;
  #firstStep: Promise<FirstStep> | undefined;

  constructor({ config, cases, images }: ModelFolder) {
    this.options = modelOptions(config);
    this.cases = cases;
    this.#images = images;
  }

  /** The case of an op. Throws where the fixture has none. */
  caseOf(op: string): PackedCase {
    const found = this.cases.find((item) => item.op === op);
    if (found === undefined) throw new Error(`the fixture has no case ${op}`);
    return found;
  }

  /**
   * What is added to a label of ours for the fixture's: torchvision's Faster R-CNN counts the background as 0. Its
   * RetinaNet does so too, but keeps a column for it.
   */
  get labelOffset(): number {
    const { type, rules } = this.options;
    return type === 'FasterRCNN' && rules === 'torchvision' ? 1 : 0;
  }

  /** Every tensor by MMDetection's name. */
  get weights(): ReadonlyMap<string, NamedWeights> {
    this.#weights ??= new Map(
      [...initialWeights(this.caseOf('init'))].map(([name, own]) => [mmdetName(name), own]),
    );
    return this.#weights;
  }

  get absSum(): number {
    return absSum(this.weights);
  }

  model(backend: Backend): ModelUnderTest {
    this.#model ??= createModel(backend, this.options, this.weights, this.inputs());
    return this.#model;
  }

  evaluation(backend: Backend): Promise<Evaluation> {
    this.#evaluation ??= this.model(backend).evaluate();
    return this.#evaluation;
  }

  internals(backend: Backend): Promise<readonly ImageInternals[]> {
    this.#internals ??= this.model(backend).internals();
    return this.#internals;
  }

  firstStep(backend: Backend): Promise<FirstStep> {
    this.#firstStep ??= this.model(backend).firstStep();
    return this.#firstStep;
  }

  inputs(): ModelInputs {
    const inputs = this.caseOf('inputs');
    const x = inputs.fields('x');
    const [batch = 0, , height = 0, width = 0] = x.numbers('shape');
    return {
      size: [batch, height, width],
      images: this.#images,
      normalised: x.has('$t') ? x.self() : null,
      targets: inputs.list('targets').map((target) => ({
        boxes: Float32Array.from(target.values('boxes')),
        labels: target.values('labels').map((label) => label - this.labelOffset),
      })),
    };
  }

  dispose(): void {
    this.#model?.dispose();
    this.#model = undefined;
  }
}
