import { dotted } from './config-node.ts';
import type { ConfigNode, ConfigPath, MapNode } from './config-node.ts';
import { configProblem } from './problem.ts';
import type { ConfigProblem } from './problem.ts';
import { pythonFloat } from './yaml-reader.ts';

/**
 * Values for which MMDetection distinguishes tuples from lists. YAML has lists only (and Python's tuple tag), so a list
 * where MMDetection needs a tuple is printed as one.
 */
const TUPLE_KEYS: ReadonlySet<string> = new Set([
  'scale',
  'scales',
  'scale_factor',
  'img_scale',
  'crop_size',
  'meta_keys',
  'out_indices',
]);

/** Where a list of lists is a list of tuples: the scales of RandomResize and RandomChoiceResize. */
const TUPLES_INSIDE: ReadonlySet<string> = new Set(['scale', 'scales']);

/** A copy in which lists at keys that MMDetection wants as tuples are tuples. */
export function withTuples(root: MapNode): MapNode {
  const visit = (node: ConfigNode, key: string): ConfigNode => {
    if (node.kind === 'map') return visitMap(node);
    if (node.kind === 'scalar') return node;
    const items = node.items.map((item) => visit(item, TUPLES_INSIDE.has(key) ? key : ''));
    return { ...node, items, isTuple: node.isTuple || TUPLE_KEYS.has(key) };
  };
  const visitMap = (map: MapNode): MapNode => {
    const entries = [...map.entries].map(
      ([key, entry]) => [key, { ...entry, value: visit(entry.value, key) }] as const,
    );
    return { ...map, entries: new Map(entries) };
  };
  return visitMap(root);
}

/**
 * MaxIoUAssigner looks at the Python type of `neg_iou_thr`: a float or a tuple. With an int (0, 1) or a list, no anchor
 * becomes negative and training learns nothing, without a word. Here that is an error.
 */
export function checkNegIouThr(root: MapNode): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const visit = (node: ConfigNode, path: ConfigPath): void => {
    if (node.kind === 'list') node.items.forEach((item, i) => visit(item, [...path, i]));
    if (node.kind === 'map')
      for (const [key, entry] of node.entries) visit(entry.value, [...path, key]);
    if (path.at(-1) !== 'neg_iou_thr') return;
    const isInt = node.kind === 'scalar' && typeof node.value === 'number' && !node.isFloat;
    const isList = node.kind === 'list' && !node.isTuple;
    if (!isInt && !isList) return;
    const number = node.kind === 'scalar' && typeof node.value === 'number' ? node.value : 0;
    problems.push(
      configProblem({
        code: 'config-neg-iou-thr-type',
        what: `\`neg_iou_thr\` must be a float or a tuple, got ${isInt ? 'an integer' : 'a list'}.`,
        why: 'MMDetection would make no anchor negative.',
        action: isInt ? `Write ${pythonFloat(number)}.` : 'Write `!!python/tuple [0.0, 0.4]`.',
        place: node.place,
        key: dotted(path),
      }),
    );
  };
  visit(root, []);
  return problems;
}
