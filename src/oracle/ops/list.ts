import type { OpAdapter } from '../op-adapter.ts';
import { ANCHOR_ADAPTERS } from './anchors.ts';
import { ASSIGNER_ADAPTERS } from './assigners.ts';
import { BATCH_NORM_ADAPTERS } from './batch-norm.ts';
import { BOX_ADAPTERS } from './boxes.ts';
import { CODER_ADAPTERS } from './coder.ts';
import { CONV_ADAPTERS } from './conv.ts';
import { GROUP_NORM_ADAPTERS } from './group-norm.ts';
import { LINEAR_ADAPTERS } from './linear.ts';
import { LOSS_ADAPTERS } from './losses.ts';
import { NMS_ADAPTERS } from './nms.ts';
import { NORMALISE_ADAPTERS } from './normalise.ts';
import { OPTIMISER_ADAPTERS } from './optimisers.ts';
import { OUT_OF_SCOPE_ADAPTERS } from './out-of-scope.ts';
import { POOLING_ADAPTERS } from './pooling.ts';
import { RESIZE_BILINEAR_ADAPTERS } from './resize-bilinear.ts';
import { ROI_ALIGN_ADAPTERS } from './roi-align.ts';
import { ROI_LEVEL_ADAPTERS } from './roi-levels.ts';
import { SCHEDULE_ADAPTERS } from './schedules.ts';
import { UPSAMPLING_ADAPTERS } from './upsampling.ts';

/** Every op of a casepack that is known here. */
export const OP_ADAPTERS: readonly OpAdapter[] = [
  ...ANCHOR_ADAPTERS,
  ...ASSIGNER_ADAPTERS,
  ...BATCH_NORM_ADAPTERS,
  ...BOX_ADAPTERS,
  ...CODER_ADAPTERS,
  ...CONV_ADAPTERS,
  ...GROUP_NORM_ADAPTERS,
  ...LINEAR_ADAPTERS,
  ...LOSS_ADAPTERS,
  ...NMS_ADAPTERS,
  ...NORMALISE_ADAPTERS,
  ...OPTIMISER_ADAPTERS,
  ...POOLING_ADAPTERS,
  ...RESIZE_BILINEAR_ADAPTERS,
  ...ROI_ALIGN_ADAPTERS,
  ...ROI_LEVEL_ADAPTERS,
  ...SCHEDULE_ADAPTERS,
  ...UPSAMPLING_ADAPTERS,
  ...OUT_OF_SCOPE_ADAPTERS,
];
