import type { Detector } from './detector.ts';
import { FasterRcnn } from './faster-rcnn.ts';
import type { FasterRcnnOptions } from './faster-rcnn.ts';
import { Fcos } from './fcos.ts';
import type { FcosOptions } from './fcos.ts';
import { RetinaNet } from './retinanet.ts';
import type { RetinaNetOptions } from './retinanet.ts';

/** Options of every detector, told apart by MMDetection's type name. */
export type DetectorOptions = RetinaNetOptions | FasterRcnnOptions | FcosOptions;

/** Builds a detector with fresh weights drawn from `seed`. */
export function createDetector(options: DetectorOptions, seed: number): Detector {
  switch (options.type) {
    case 'RetinaNet':
      return new RetinaNet(options, seed);
    case 'FasterRCNN':
      return new FasterRcnn(options, seed);
    case 'FCOS':
      return new Fcos(options, seed);
  }
}
