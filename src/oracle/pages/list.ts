import type { OraclePage } from '../page.ts';
import { anchorsPage, upstreamAnchorsPage } from './anchors.ts';
import { configMergePage } from './config-merge.ts';
import { deltaCoderPage } from './delta-xywh-coder.ts';
import { imageOpsPage } from './image-ops.ts';
import { lossesPage } from './losses.ts';
import { lrSchedulesPage } from './lr-schedules.ts';
import { assignerPage } from './max-iou-assigner.ts';
import { mmcvNmsPage, nmsPage } from './nms.ts';
import { cocoParsePage, vocParsePage } from './parse-datasets.ts';
import { roiAlignPage } from './roi-align.ts';
import { SKIPPED_PAGES } from './skipped.ts';
import { stateDictShapesPage } from './state-dict-shapes.ts';
import { testVectorsPage } from './test-vectors.ts';
import { tinyFasterRcnnPage } from './tiny-faster-rcnn.ts';
import { tinyRetinaNetPage } from './tiny-retinanet.ts';
import { vocMapPage } from './voc-map.ts';

/** Every page of oracle/mmdet that is known here, by file name. */
export const PAGES: readonly OraclePage[] = [
  anchorsPage,
  upstreamAnchorsPage,
  cocoParsePage,
  configMergePage,
  deltaCoderPage,
  imageOpsPage,
  lossesPage,
  lrSchedulesPage,
  assignerPage,
  nmsPage,
  mmcvNmsPage,
  roiAlignPage,
  stateDictShapesPage,
  testVectorsPage,
  tinyFasterRcnnPage,
  tinyRetinaNetPage,
  vocMapPage,
  vocParsePage,
  ...SKIPPED_PAGES,
];
