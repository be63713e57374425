import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import type { RoiLevelRule } from '../../ops/roi-levels/level-thresholds.ts';
import { mapRoiLevelsReference } from '../../ops/roi-levels/roi-levels.reference.ts';
import { mapRoiLevels } from '../../ops/roi-levels/roi-levels.ts';
import { floats, readOneOnGpu } from '../on-gpu.ts';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter } from '../op-adapter.ts';
import { runTwin } from '../oracle-case.ts';
import type { Twin } from '../oracle-case.ts';

export interface RoiLevelsInput {
  /** [R, 4], xyxy. */
  readonly boxes: readonly number[];
  readonly rule: RoiLevelRule;
}

export const roiLevelsTwin: Twin<RoiLevelsInput, ArrayLike<number>> = {
  async webgpu({ boxes, rule }) {
    const rois = roisOf(boxes);
    if (rois.length === 0) return [];
    const { data } = await readOneOnGpu(() =>
      mapRoiLevels(floats(rois, [rois.length / 5, 5]), rule),
    );
    return data;
  },
  reference: ({ boxes, rule }) => mapRoiLevelsReference(roisOf(boxes), rule),
};

/** Boxes as RoIs of the first image. */
export function roisOf(boxes: readonly number[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    Array.from({ length: boxes.length / 4 }, (_, row) => [
      0,
      ...boxes.slice(row * 4, row * 4 + 4),
    ]).flat(),
  );
}

function adapter(op: string, rule: (c: PackedCase) => RoiLevelRule): OpAdapter {
  return opAdapter({
    op,
    input: (c): RoiLevelsInput => ({ boxes: c.values('boxes'), rule: rule(c) }),
    run: async (input, backend) => ({ levels: await runTwin(roiLevelsTwin, backend, input) }),
    results: { levels: 'exact' },
  });
}

/** Torchvision's rule by the names of its `LevelMapper`. */
export const ROI_LEVEL_ADAPTERS: readonly OpAdapter[] = [
  adapter('tv_level_mapper', (c) => ({
    rule: 'torchvision',
    kMin: c.number('k_min'),
    kMax: c.number('k_max'),
    canonicalScale: c.number('canonical_scale'),
    canonicalLevel: c.number('canonical_level'),
  })),
  adapter('mmdet_map_roi_levels', (c) => ({
    rule: 'mmdetection',
    finestScale: c.number('finest_scale'),
    numLevels: c.number('num_levels'),
  })),
];
