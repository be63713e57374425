import { anchorGrid, baseAnchors } from '../../models/task-modules/anchors/anchor-generator.ts';
import type {
  AnchorGeneratorSpec,
  AnchorGrid,
} from '../../models/task-modules/anchors/anchor-generator.ts';
import {
  torchvisionAnchorGrid,
  torchvisionBaseAnchors,
} from '../../models/task-modules/anchors/torchvision-anchors.ts';
import type { HeightWidth } from '../../ops/anchor-valid-flags/anchor-levels.ts';
import type { PackedCase } from '../../ops/oracle/parse-casepack.ts';
import { z } from 'zod';
import { opAdapter } from '../op-adapter.ts';
import type { OpAdapter, Outputs } from '../op-adapter.ts';

const numbers = z.array(z.number());
const strides = z.array(z.union([z.number(), z.tuple([z.number(), z.number()])]));

/** [height, width] pairs, level after level. */
function heightWidths(flat: readonly number[]): HeightWidth[] {
  return Array.from({ length: flat.length / 2 }, (_, level) => ({
    height: flat[level * 2] ?? 0,
    width: flat[level * 2 + 1] ?? 0,
  }));
}

function mmdetSpec(c: PackedCase): AnchorGeneratorSpec {
  return {
    strides: strides.parse(c.raw('strides')),
    ratios: c.numbers('ratios'),
    scales: c.numbers('scales'),
  };
}

interface Anchors {
  readonly bases: readonly Float32Array[];
  readonly grid: AnchorGrid;
}

function outputs({ bases, grid }: Anchors): Promise<Outputs> {
  const base = bases.flatMap((level) => Array.from(level));
  return Promise.resolve({
    base_anchors: base,
    cell_anchors: base,
    anchors: grid.anchors,
    anchors_per_level: grid.anchors,
  });
}

/** Anchors are made once per input size, on the host, and uploaded; they must be PyTorch's bit for bit. */
const mmdetAdapter = opAdapter({
  op: 'mmdet_anchors',
  input: (c) => ({
    bases: baseAnchors(mmdetSpec(c)),
    grid: anchorGrid(mmdetSpec(c), heightWidths(c.values('feature_sizes'))),
  }),
  run: outputs,
  results: { base_anchors: 'close', anchors_per_level: 'close' },
  onHost: true,
});

const torchvisionAdapter = opAdapter({
  op: 'tv_anchors',
  input(c) {
    const spec = { sizes: z.array(numbers).parse(c.raw('sizes')), ratios: c.numbers('ratios') };
    const input = { height: c.number('image_h'), width: c.number('image_w') };
    return {
      bases: torchvisionBaseAnchors(spec),
      grid: torchvisionAnchorGrid(spec, heightWidths(c.values('feature_sizes')), input),
    };
  },
  run: outputs,
  results: { cell_anchors: 'exact', anchors: 'exact' },
  onHost: true,
});

export const ANCHOR_ADAPTERS: readonly OpAdapter[] = [mmdetAdapter, torchvisionAdapter];
