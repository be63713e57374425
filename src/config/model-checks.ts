import type { Report } from './problem.ts';
import type { ConfigPath } from './config-node.ts';
import type { Config } from './schema/config-schema.ts';

type Model = Config['model'];
type Anchors = Extract<Model, { type: 'RetinaNet' }>['bbox_head']['anchor_generator'];
type Assigner = Extract<Model, { type: 'RetinaNet' }>['train_cfg']['assigner'];

/** Where a model contradicts itself: channels, levels, anchors, thresholds, losses. */
export function checkModel({ model }: Config, report: Report): void {
  checkNeck(model, report);
  for (const { path, channels } of headChannels(model)) {
    if (channels === model.neck.out_channels) continue;
    const what = `The head expects ${channels} channels, but the neck gives ${model.neck.out_channels}.`;
    report('error', path, 'config-channels', what, `Write ${model.neck.out_channels}.`);
  }
  for (const { path, strides } of levelStrides(model)) checkStrides(model, path, strides, report);
  for (const { path, anchors } of anchorGenerators(model)) checkScales(path, anchors, report);
  for (const { path, assigner } of assigners(model)) checkThresholds(path, assigner, report);
  for (const { path, head } of boxHeads(model)) checkBoxLoss(path, head, report);
  if (model.type === 'FasterRCNN') checkRoiHead(model, report);
  if (model.type === 'FCOS') checkRanges(model, report);
}

/** Channels of the backbone's outputs, in the order of `out_indices`. */
function backboneChannels(backbone: Model['backbone']): number[] {
  const expansion = backbone.depth >= 50 ? 4 : 1;
  return backbone.out_indices.map((stage) => backbone.base_channels * 2 ** stage * expansion);
}

/** Number of backbone outputs that the neck reads. */
function usedLevels({
  in_channels: inputs,
  start_level: start,
  end_level: end,
}: Model['neck']): number {
  return (end === -1 ? inputs.length : end + 1) - start;
}

function checkNeck({ backbone, neck }: Model, report: Report): void {
  const given = backboneChannels(backbone);
  if (!sameNumbers(neck.in_channels, given)) {
    const what = `The neck expects ${list(neck.in_channels)} channels, but ResNet-${backbone.depth} with base_channels ${backbone.base_channels} gives ${list(given)}.`;
    const action = `Write in_channels: ${list(given)}.`;
    report('error', ['model', 'neck', 'in_channels'], 'config-channels', what, action);
  }
  if (neck.end_level >= neck.in_channels.length) {
    const what = `end_level ${neck.end_level} is beyond the ${neck.in_channels.length} backbone outputs.`;
    report(
      'error',
      ['model', 'neck', 'end_level'],
      'config-levels',
      what,
      'Write -1 for the last.',
    );
    return;
  }
  const levels = usedLevels(neck);
  if (levels < 1) {
    const what = `start_level ${neck.start_level} leaves no backbone output of ${neck.in_channels.length}.`;
    report('error', ['model', 'neck', 'start_level'], 'config-levels', what, 'Lower start_level.');
  } else if (neck.num_outs < levels) {
    const what = `num_outs ${neck.num_outs} is less than the ${levels} levels from start_level ${neck.start_level} on.`;
    const action = `Write at least ${levels}.`;
    report('error', ['model', 'neck', 'num_outs'], 'config-levels', what, action);
  }
}

function headChannels(model: Model): { path: ConfigPath; channels: number }[] {
  if (model.type !== 'FasterRCNN') {
    return [{ path: ['model', 'bbox_head', 'in_channels'], channels: model.bbox_head.in_channels }];
  }
  const { bbox_head: box, bbox_roi_extractor: extractor } = model.roi_head;
  const roi = ['model', 'roi_head'];
  return [
    { path: ['model', 'rpn_head', 'in_channels'], channels: model.rpn_head.in_channels },
    { path: [...roi, 'bbox_head', 'in_channels'], channels: box.in_channels },
    { path: [...roi, 'bbox_roi_extractor', 'out_channels'], channels: extractor.out_channels },
  ];
}

function anchorGenerators(model: Model): { path: ConfigPath; anchors: Anchors }[] {
  if (model.type === 'FCOS') return [];
  const name = model.type === 'RetinaNet' ? 'bbox_head' : 'rpn_head';
  const head = model.type === 'RetinaNet' ? model.bbox_head : model.rpn_head;
  return [{ path: ['model', name, 'anchor_generator'], anchors: head.anchor_generator }];
}

type Strides = readonly (number | readonly [number, number])[];

/** Lists with one entry per pyramid level, and what they say of strides (undefined: nothing). */
function levelStrides(model: Model): { path: ConfigPath; strides: Strides }[] {
  if (model.type === 'FCOS') {
    return [{ path: ['model', 'bbox_head', 'strides'], strides: model.bbox_head.strides }];
  }
  return anchorGenerators(model).flatMap(({ path, anchors }) =>
    anchors.type === 'AnchorGenerator'
      ? [{ path: [...path, 'strides'], strides: anchors.strides }]
      : [],
  );
}

function checkStrides(
  { backbone, neck }: Model,
  path: ConfigPath,
  strides: Strides,
  report: Report,
): void {
  if (strides.length !== neck.num_outs) {
    const what = `There are ${strides.length} strides for ${neck.num_outs} pyramid levels.`;
    report('error', path, 'config-levels', what, 'Give one stride per level.');
    return;
  }
  const first = backbone.out_indices[neck.start_level] ?? 0;
  const wanted = strides.map((_, level) => 4 * 2 ** (first + level));
  const matches = strides.every((stride, level) =>
    [stride].flat().every((side) => side === wanted[level]),
  );
  if (matches) return;
  const what = `The strides ${JSON.stringify(strides)} are not those of the pyramid, ${list(wanted)}.`;
  const action = 'Anchors will not sit on the cells that predict them.';
  report('warning', path, 'config-strides', what, action);
}

function checkScales(path: ConfigPath, anchors: Anchors, report: Report): void {
  if (anchors.type === 'TorchvisionAnchorGenerator') {
    if (new Set(anchors.sizes.map(({ length }) => length)).size === 1) return;
    const what = 'The levels have different numbers of anchor sizes.';
    report('error', [...path, 'sizes'], 'config-anchor-scales', what, 'Give each level as many.');
    return;
  }
  const octave = anchors.octave_base_scale !== null && anchors.scales_per_octave !== null;
  const halfOctave = anchors.octave_base_scale !== null || anchors.scales_per_octave !== null;
  if (octave === (anchors.scales !== null) || (halfOctave && anchors.scales !== null)) {
    const what =
      'Anchor sizes need either `scales` or both `octave_base_scale` and `scales_per_octave`.';
    const action = 'Give one of the two, and null for the other.';
    report('error', path, 'config-anchor-scales', what, action);
  }
  if (anchors.base_sizes !== null && anchors.base_sizes.length !== anchors.strides.length) {
    const what = `There are ${anchors.base_sizes.length} base sizes for ${anchors.strides.length} strides.`;
    const action = 'Give one per level, or null.';
    report('error', [...path, 'base_sizes'], 'config-levels', what, action);
  }
}

function assigners(model: Model): { path: ConfigPath; assigner: Assigner }[] {
  const at = ['model', 'train_cfg'];
  switch (model.type) {
    case 'RetinaNet':
      return [{ path: [...at, 'assigner'], assigner: model.train_cfg.assigner }];
    case 'FasterRCNN':
      return (['rpn', 'rcnn'] as const).map((stage) => ({
        path: [...at, stage, 'assigner'],
        assigner: model.train_cfg[stage].assigner,
      }));
    case 'FCOS':
      return [];
  }
}

function checkThresholds(path: ConfigPath, assigner: Assigner, report: Report): void {
  const neg = assigner.neg_iou_thr;
  const upper = Array.isArray(neg) ? neg[1] : neg;
  const at = [...path, 'neg_iou_thr'];
  if (upper > assigner.pos_iou_thr) {
    const what = `neg_iou_thr ${upper} is above pos_iou_thr ${assigner.pos_iou_thr}.`;
    report('error', at, 'config-iou-order', what, 'Lower neg_iou_thr or raise pos_iou_thr.');
  }
  if (Array.isArray(neg) && neg[0] >= neg[1]) {
    const what = `The range of neg_iou_thr, ${neg[0]} to ${neg[1]}, is empty.`;
    report('error', at, 'config-iou-order', what, 'Put the lower bound first.');
  }
}

interface BoxHead {
  readonly reg_decoded_bbox: boolean;
  readonly loss_bbox: { readonly type: string };
}

function boxHeads(model: Model): { path: ConfigPath; head: BoxHead }[] {
  switch (model.type) {
    case 'RetinaNet':
      return [{ path: ['model', 'bbox_head'], head: model.bbox_head }];
    case 'FasterRCNN':
      return [
        { path: ['model', 'rpn_head'], head: model.rpn_head },
        { path: ['model', 'roi_head', 'bbox_head'], head: model.roi_head.bbox_head },
      ];
    case 'FCOS':
      return [];
  }
}

/** MMDetection trains on nonsense, without a word, when the two do not go together. */
function checkBoxLoss(path: ConfigPath, head: BoxHead, report: Report): void {
  const onBoxes = ['IoULoss', 'GIoULoss'].includes(head.loss_bbox.type);
  if (onBoxes === head.reg_decoded_bbox) return;
  const what = onBoxes
    ? `${head.loss_bbox.type} compares boxes, but reg_decoded_bbox is false, so it would get deltas.`
    : `${head.loss_bbox.type} on decoded boxes is not supported.`;
  const action = `Write reg_decoded_bbox: ${onBoxes}.`;
  report('error', [...path, 'reg_decoded_bbox'], 'config-decoded-loss', what, action);
}

function checkRoiHead(model: Extract<Model, { type: 'FasterRCNN' }>, report: Report): void {
  const { bbox_head: head, bbox_roi_extractor: extractor } = model.roi_head;
  const at = ['model', 'roi_head'];
  const bins = (size: number | readonly number[]): string =>
    typeof size === 'number' ? `${size} × ${size}` : size.join(' × ');
  const given = bins(extractor.roi_layer.output_size);
  if (bins(head.roi_feat_size) !== given) {
    const what = `The box head expects ${bins(head.roi_feat_size)} bins, but RoIAlign gives ${given}.`;
    const action = 'Give roi_feat_size and output_size the same value.';
    report('error', [...at, 'bbox_head', 'roi_feat_size'], 'config-roi-size', what, action);
  }
  if (extractor.featmap_strides.length > model.neck.num_outs) {
    const what = `RoIs come from ${extractor.featmap_strides.length} levels, but the neck gives ${model.neck.num_outs}.`;
    const path = [...at, 'bbox_roi_extractor', 'featmap_strides'];
    report('error', path, 'config-levels', what, 'Leave out the last strides.');
  }
  if (
    head.type === 'ConvFCBBoxHead' &&
    head.num_shared_fcs > 0 &&
    head.num_cls_convs + head.num_reg_convs > 0
  ) {
    const what = 'The branches have convolutions, but the shared layers end fully connected.';
    const path = [...at, 'bbox_head', 'num_shared_fcs'];
    report('error', path, 'config-head-layers', what, 'Write num_shared_fcs: 0.');
  }
  for (const stage of ['rpn', 'rpn_proposal'] as const) {
    const nms = stage === 'rpn' ? model.test_cfg.rpn.nms : model.train_cfg.rpn_proposal.nms;
    if (nms.type === 'nms') continue;
    const path = ['model', stage === 'rpn' ? 'test_cfg' : 'train_cfg', stage, 'nms', 'type'];
    const what = 'Proposals are made with plain NMS; soft_nms is for detections.';
    report('error', path, 'config-unsupported-value', what, 'Write type: nms.');
  }
}

function checkRanges(model: Extract<Model, { type: 'FCOS' }>, report: Report): void {
  const { regress_ranges: ranges, strides } = model.bbox_head;
  if (ranges.length === strides.length) return;
  const what = `There are ${ranges.length} regress_ranges for ${strides.length} strides.`;
  const path = ['model', 'bbox_head', 'regress_ranges'];
  report('error', path, 'config-levels', what, 'Give one range per level.');
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function list(values: readonly number[]): string {
  return `[${values.join(', ')}]`;
}
