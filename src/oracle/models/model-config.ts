import { configSchema } from './config-parts.ts';
import type { FasterRcnnOptions, RetinaNetOptions } from './config-parts.ts';
import { mmdetFasterRcnn, mmdetRetinaNet } from './mmdet-config.ts';
import { torchvisionFasterRcnn, torchvisionRetinaNet } from './torchvision-config.ts';

export type FixtureModelOptions = RetinaNetOptions | FasterRcnnOptions;

/** The detector that a model folder's config.json describes. */
export function modelOptions(document: unknown): FixtureModelOptions {
  const config = configSchema.parse(document);
  const torchvision = config.rules === 'torchvision';
  if (config.config.type === 'RetinaNet') {
    return torchvision ? torchvisionRetinaNet(config) : mmdetRetinaNet(config);
  }
  return torchvision ? torchvisionFasterRcnn(config) : mmdetFasterRcnn(config);
}
