import type { TransformStep } from '../../config/schema/pipeline.ts';
import { expand } from './expand.ts';
import { filterAnnotations } from './filter-annotations.ts';
import { fixShapeResize } from './fix-shape-resize.ts';
import { minIoURandomCrop } from './min-iou-random-crop.ts';
import { mixUp } from './mix-up.ts';
import { mosaic } from './mosaic.ts';
import { pad } from './pad.ts';
import { photoMetricDistortion } from './photo-metric-distortion.ts';
import type { Transform } from './pipeline-sample.ts';
import { randomAffine } from './random-affine.ts';
import { randomChoiceResize } from './random-choice-resize.ts';
import { randomCrop } from './random-crop.ts';
import { randomFlip } from './random-flip.ts';
import { randomResize } from './random-resize.ts';
import { resize } from './resize.ts';
import { resizeShortestEdge } from './resize-shortest-edge.ts';

/**
 * The transform of a step of the config. A new one is a file beside this one, its schema in
 * `src/config/schema/pipeline.ts`, and a line here; a schema without a line does not compile.
 */
export function buildTransform(step: TransformStep): Transform {
  switch (step.type) {
    case 'Resize':
      return resize(step);
    case 'RandomResize':
      return randomResize(step);
    case 'RandomChoiceResize':
      return randomChoiceResize(step);
    case 'ResizeShortestEdge':
      return resizeShortestEdge(step);
    case 'FixShapeResize':
      return fixShapeResize(step);
    case 'RandomFlip':
      return randomFlip(step);
    case 'Pad':
      return pad(step);
    case 'RandomCrop':
      return randomCrop(step);
    case 'PhotoMetricDistortion':
      return photoMetricDistortion(step);
    case 'Expand':
      return expand(step);
    case 'MinIoURandomCrop':
      return minIoURandomCrop(step);
    case 'RandomAffine':
      return randomAffine(step);
    case 'Mosaic':
      return mosaic(step);
    case 'MixUp':
      return mixUp(step);
    case 'FilterAnnotations':
      return filterAnnotations(step);
  }
}
