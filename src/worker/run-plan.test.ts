import { describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.ts';
import { nodeConfigFiles } from '../config/preset-files.node.ts';
import { FLAG_IGNORE, FLAG_UNUSABLE } from '../data/dataset.ts';
import { fakeDataset } from '../data/loader/fake-images.ts';
import { inputBuckets } from './input-buckets.ts';
import { planRun } from './run-plan.ts';
import type { RunPlan } from './run-plan.ts';

/** A run on two images: 9 boxes to learn, 2 to ignore and an unusable one in the fuller of them. */
function plan(dataset: string, options: readonly string[] = []): RunPlan {
  const box = [1, 1, 30, 30];
  const flags = [...Array.from({ length: 9 }, () => 0), FLAG_IGNORE, FLAG_IGNORE, FLAG_UNUSABLE];
  const images = [
    { width: 64, height: 64, boxes: [box] },
    { width: 64, height: 64, boxes: flags.map(() => box), flags },
  ];
  const text = `_base_: retinanet/retinanet_r18_fpn_sample\ntrain_dataloader:\n  dataset: ${dataset}\n`;
  const { config, problems } = loadConfig(nodeConfigFiles(), { name: 'mine.yaml', text }, options);
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return planRun({ config, configText: text, dataset: fakeDataset(images), seed: 0 });
}

const MIXED = `{_delete_: true, type: MultiImageMixDataset,
    dataset: {type: CocoDataset, pipeline: [{type: LoadImageFromFile}, {type: LoadAnnotations}]},
    pipeline: [{type: Mosaic, img_scale: [96, 64]}, {type: MixUp}, {type: PackDetInputs}]}`;

const IGNORING = ['model.train_cfg.assigner.ignore_iof_thr=0.5'];

describe('planRun', () => {
  it('has no room for boxes to ignore that no assigner looks at', () => {
    expect(plan('{}').maxIgnores).toBeUndefined();
  });

  it('has room for the boxes of the fullest image', () => {
    const { maxGts, maxIgnores, buckets } = plan('{}', IGNORING);
    expect([maxGts, maxIgnores]).toEqual([16, 8]);
    expect(buckets.length).toBeGreaterThan(0);
  });

  it('has room for the boxes of all images that are mixed into one', () => {
    const { maxGts, maxIgnores, buckets } = plan(MIXED, IGNORING);
    // a mosaic of four, and one more: 5 · 9 = 45 and 5 · 2 = 10, in steps of 8
    expect([maxGts, maxIgnores]).toEqual([48, 16]);
    expect(buckets).toEqual([[128, 192]]);
  });
});

describe('inputBuckets', () => {
  it('has both orientations of a frame, and of many frames the outermost', () => {
    const frame = (...scale: [number, number]) => ({ scale, keepRatio: true });
    const wide = inputBuckets([frame(128, 64)], 32);
    expect(wide).toEqual([
      [64, 64],
      [64, 128],
      [128, 64],
    ]);
    const many = inputBuckets([frame(128, 96), frame(128, 64), frame(128, 128)], 32);
    expect(many.some(([h, w]) => h === 96 && w === 96)).toBe(false);
    expect(many).toContainEqual([128, 128]);
    expect(inputBuckets([{ scale: [50, 40], keepRatio: false }], 32)).toEqual([[64, 64]]);
    expect(inputBuckets([], 32)).toEqual([]);
  });
});
