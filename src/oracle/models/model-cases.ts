import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import type { Backend, Comparison, OracleCase } from '../oracle-case.ts';
import { EVALUATION_CASES } from './evaluation-cases.ts';
import type { ModelFixture } from './fixture.ts';
import { compareInternals } from './internals-cases.ts';
import {
  compareGradients,
  compareInit,
  compareLosses,
  compareTraining,
  trainingOf,
} from './training-cases.ts';

type Compare = (
  packed: PackedCase,
  fixture: ModelFixture,
  backend: Backend,
) => Promise<readonly Comparison[]>;

/** The cases of a model's fixture by op, besides those of {@link EVALUATION_CASES}. */
const CASES: Readonly<Record<string, Compare>> = {
  init: async (packed, fixture) => Promise.resolve(compareInit(packed, fixture)),
  train_internals: async (packed, fixture, backend) =>
    compareInternals(packed, await fixture.internals(backend), fixture),
  losses: async (packed, fixture, backend) =>
    compareLosses(packed, await fixture.firstStep(backend)),
  grads: async (packed, fixture, backend) =>
    compareGradients(packed, await fixture.firstStep(backend)),
  async train(packed, fixture, backend) {
    const { sgd, steps } = trainingOf(packed);
    return compareTraining(packed, await fixture.model(backend).train(sgd, steps));
  },
};

/** The cases of a model folder; an op that nobody knows is a case that fails and says so. */
export function modelCases(fixture: ModelFixture): OracleCase[] {
  return fixture.cases.map((packed) => ({
    op: packed.op,
    name: packed.name,
    compare: (backend) => compareOf(packed.op)(packed, fixture, backend),
  }));
}

function compareOf(op: string): Compare {
  const evaluate = EVALUATION_CASES[op];
  if (evaluate !== undefined) {
    return async (packed, fixture, backend) =>
      evaluate(packed, await fixture.evaluation(backend), fixture);
  }
  return (
    CASES[op] ?? (() => Promise.reject(new Error(`unknown op ${JSON.stringify(op)} of a model`)))
  );
}
