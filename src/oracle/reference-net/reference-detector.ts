import { anchorGrid } from '../../models/task-modules/anchors/anchor-generator.ts';
import type { AnchorGrid } from '../../models/task-modules/anchors/anchor-generator.ts';
import type { AnchorSpec } from '../../models/task-modules/anchors/anchor-cache.ts';
import { torchvisionAnchorGrid } from '../../models/task-modules/anchors/torchvision-anchors.ts';
import type {
  Evaluation,
  ImageInternals,
  Losses,
  ModelInputs,
} from '../models/model-under-test.ts';
import type { PyramidNetwork } from './network.ts';
import type { Parameters } from './parameters.ts';
import type { Tape, Value } from './tape.ts';

/** What a detector adds to the network that all share. */
export interface ReferenceDetector {
  evaluate(images: Value): Evaluation;
  internals(images: Value): readonly ImageInternals[];
  /** Records a training step and starts its gradients. */
  losses(tape: Tape, images: Value): Losses;
}

/** What a detector is made of. */
export interface ReferenceParts {
  readonly network: PyramidNetwork;
  readonly parameters: Parameters;
  readonly inputs: ModelInputs;
  readonly imgShapes: readonly (readonly [height: number, width: number])[];
}

/** The anchors of pyramid levels. */
export function gridOf(
  spec: AnchorSpec,
  pyramid: readonly Value[],
  [, height, width]: ModelInputs['size'],
): AnchorGrid {
  const sizes = pyramid.map(({ shape: [, mapHeight = 0, mapWidth = 0] }) => ({
    height: mapHeight,
    width: mapWidth,
  }));
  return spec.type === 'AnchorGenerator'
    ? anchorGrid(spec, sizes)
    : torchvisionAnchorGrid(spec, sizes, { height, width });
}
