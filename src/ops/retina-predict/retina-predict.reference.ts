import { denseCandidatesReference } from '../dense-candidates/dense-candidates.reference.ts';
import type { HeadOutputs } from '../dense-candidates/dense-candidates.reference.ts';
import { keepBestReference } from '../keep-best/keep-best.reference.ts';
import type { DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import { retinaRules } from './retina-predict.ts';
import type { RetinaPredictOptions } from './retina-predict.ts';

/** Slow twin of `retinaPredict` for one image, put together from the slow twins of its parts. */
export function retinaPredictReference(
  head: HeadOutputs,
  options: RetinaPredictOptions = {},
): DetectedBoxes {
  const { nmsIouThreshold = 0.5, classAgnostic = false } = options;
  const { nms = { iouThreshold: nmsIouThreshold, classAgnostic } } = options;
  const torchvision = options.rule === 'torchvision';
  const { maxPerImg = torchvision ? 300 : 100 } = options;
  const candidates = denseCandidatesReference(
    torchvision ? { ...head, scaleFactor: null } : head,
    retinaRules(options),
  );
  return keepBestReference(candidates, nms, maxPerImg, torchvision ? head.scaleFactor : null);
}
