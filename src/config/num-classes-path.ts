import { nodeAt } from './config-node.ts';
import type { ConfigPath, MapNode } from './config-node.ts';

/** `model.type` as written, or undefined where there is none. */
export function modelType(root: MapNode): unknown {
  const node = nodeAt(root, ['model', 'type']);
  return node?.kind === 'scalar' ? node.value : undefined;
}

/** Where `num_classes` stands in a model of this type: two-stage detectors have it in the RoI head. */
export function numClassesPath(type: unknown): ConfigPath {
  const head = type === 'FasterRCNN' ? ['roi_head', 'bbox_head'] : ['bbox_head'];
  return ['model', ...head, 'num_classes'];
}
