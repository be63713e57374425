import { denseCandidatesReference } from '../dense-candidates/dense-candidates.reference.ts';
import type { HeadOutputs } from '../dense-candidates/dense-candidates.reference.ts';
import { keepBestReference } from '../keep-best/keep-best.reference.ts';
import type { DetectedBoxes } from '../keep-best/keep-best.reference.ts';
import { rpnRules } from './rpn-proposals.ts';
import type { RpnProposalsOptions } from './rpn-proposals.ts';

/** Slow twin of `rpnProposals` for one image; the labels are the levels. */
export function rpnProposalsReference(
  head: HeadOutputs,
  options: RpnProposalsOptions = {},
): DetectedBoxes {
  const { maxPerImg = 1000, nmsIouThreshold = 0.7 } = options;
  const candidates = denseCandidatesReference(head, rpnRules(options));
  return keepBestReference(candidates, { iouThreshold: nmsIouThreshold }, maxPerImg, null);
}
