/** MMDetection's state_dict keys by torchvision's, as patterns; the first that fits counts. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^backbone\.body\./, 'backbone.'],
  [/^backbone\.fpn\.inner_blocks\.(\d+)\.(?:0\.)?/, 'neck.lateral_convs.$1.conv.'],
  [/^backbone\.fpn\.layer_blocks\.(\d+)\.(?:0\.)?/, 'neck.fpn_convs.$1.conv.'],
  // RetinaNet's pyramid has three levels of its own before the extra ones.
  [/^backbone\.fpn\.extra_blocks\.p6\./, 'neck.fpn_convs.3.conv.'],
  [/^backbone\.fpn\.extra_blocks\.p7\./, 'neck.fpn_convs.4.conv.'],
  [/^head\.classification_head\.conv\.(\d+)\.0\./, 'bbox_head.cls_convs.$1.conv.'],
  [/^head\.regression_head\.conv\.(\d+)\.0\./, 'bbox_head.reg_convs.$1.conv.'],
  [/^head\.classification_head\.cls_logits\./, 'bbox_head.retina_cls.'],
  [/^head\.regression_head\.bbox_reg\./, 'bbox_head.retina_reg.'],
  [/^rpn\.head\.conv\.(?:0\.0\.)?/, 'rpn_head.rpn_conv.'],
  [/^rpn\.head\.cls_logits\./, 'rpn_head.rpn_cls.'],
  [/^rpn\.head\.bbox_pred\./, 'rpn_head.rpn_reg.'],
  [/^roi_heads\.box_head\.fc6\./, 'roi_head.bbox_head.shared_fcs.0.'],
  [/^roi_heads\.box_head\.fc7\./, 'roi_head.bbox_head.shared_fcs.1.'],
  [/^roi_heads\.box_predictor\.cls_score\./, 'roi_head.bbox_head.fc_cls.'],
  [/^roi_heads\.box_predictor\.bbox_pred\./, 'roi_head.bbox_head.fc_reg.'],
];

/** MMDetection's name of a tensor; its own names stay as they are. */
export function mmdetName(name: string): string {
  for (const [pattern, replacement] of PATTERNS) {
    if (pattern.test(name)) return name.replace(pattern, replacement);
  }
  return name;
}
