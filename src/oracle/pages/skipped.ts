import type { OraclePage } from '../page.ts';
import { skippedCase } from '../page.ts';

/** Pages of oracle/mmdet that nothing here runs, and why. */
const REASONS: Readonly<Record<string, string>> = {
  coco_eval: 'COCO evaluation is not built',
  log_samples: 'samples of logs; nothing in them is computed',
};

export const SKIPPED_PAGES: readonly OraclePage[] = Object.entries(REASONS).map(
  ([page, reason]) => ({ page, cases: () => [skippedCase(page, 'page', reason)] }),
);
