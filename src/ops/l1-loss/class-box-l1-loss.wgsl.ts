import { CLASS_BOXES, CLASS_BOX_PARAMS } from '../loss-sum/class-boxes.ts';
import type { LossTerm } from '../loss-sum/loss-term.wgsl.ts';
import { SMOOTH_L1 } from './l1-loss.wgsl.ts';

/**
 * Smooth L1 of the box of each row's class, one term per predicted box.
 * Inputs: pred vec4 [rows, boxes], target vec4 [rows], labels i32 [rows].
 */
export const CLASS_BOX_SMOOTH_L1: LossTerm = {
  name: 'class_box_l1_loss',
  inputs: [
    { name: 'pred', type: 'vec4<f32>', access: 'read' },
    { name: 'regressionTargets', type: 'vec4<f32>', access: 'read' },
    { name: 'labels', type: 'i32', access: 'read' },
  ],
  params: [{ name: 'beta', type: 'f32' }, ...CLASS_BOX_PARAMS],
  value: 'vec4<f32>',
  slope: 'vec4<f32>',
  body: /* wgsl */ `${SMOOTH_L1}${CLASS_BOXES}
fn value(index: u32) -> vec4<f32> {
  if (!isOfClass(index)) { return vec4<f32>(0.0); }
  return smoothL1(pred[index] - regressionTargets[rowOf(index)]);
}
fn slope(index: u32) -> vec4<f32> {
  if (!isOfClass(index)) { return vec4<f32>(0.0); }
  return smoothL1Slope(pred[index] - regressionTargets[rowOf(index)]);
}`,
};
