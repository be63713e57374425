/** A training step that `bench` counts, at the widths that the preset has. */
export interface BenchStep {
  readonly preset: string;
  /** Padded input in pixels, and images. */
  readonly height: number;
  readonly width: number;
  readonly batch: number;
}

/** Every step, in the order of the answer. */
export const benchSteps: readonly BenchStep[] = [
  { preset: 'retinanet/retinanet_r50_fpn_1x_coco', height: 512, width: 512, batch: 2 },
  { preset: 'faster_rcnn/faster_rcnn_r50_fpn_1x_coco', height: 512, width: 512, batch: 2 },
  { preset: 'fcos/fcos_r50_fpn_1x_coco', height: 512, width: 512, batch: 2 },
];

/** The step's key in the answer, e.g. `retinanet_r50_fpn 512x512x2`: model, height, width and images. */
export function stepName({ preset, height, width, batch }: BenchStep): string {
  const model = preset.replace(/^.*\//, '').replace(/_\d+x_.*$/, '');
  return `${model} ${height}x${width}x${batch}`;
}

/** Groups of operators that `bench` times; their cases are in src/ops/bench-list.ts, which only a started GPU may load. */
export const benchGroups: readonly string[] = [
  'conv-forward',
  'conv-dx',
  'conv-dw',
  'nms',
  'top-k',
  'roi-align',
  'matching',
];
