import type { OpAdapter } from '../op-adapter.ts';

/** Ops of the packs that the engine has no counterpart of, and why; their cases are skipped by name. */
const REASONS: Readonly<Record<string, string>> = {
  coco_bbox: 'COCO evaluation is a command of its own',
};

export const OUT_OF_SCOPE_ADAPTERS: readonly OpAdapter[] = Object.entries(REASONS).map(
  ([op, reason]) => ({
    op,
    toCase: ({ name }) => ({
      op,
      name,
      outOfScope: reason,
      compare: () => Promise.reject(new Error(reason)),
    }),
  }),
);
