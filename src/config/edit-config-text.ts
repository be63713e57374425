import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, Pair, ParsedNode, YAMLMap, YAMLSeq } from 'yaml';
import { UserError } from '../base/errors.ts';
import { readWithBases } from './bases.ts';
import type { SourceText } from './bases.ts';
import { dotted, fromPlain, nodeAt, toPlain, withNodeAt } from './config-node.ts';
import type { ConfigNode, ConfigPath, MapEntry, MapNode, Plain } from './config-node.ts';
import { linkedEdits } from './linked-edits.ts';
import type { Edit } from './linked-edits.ts';
import type { ConfigFiles } from './preset-files.ts';
import { blockLines, flowYaml } from './print-yaml.ts';
import { withTuples } from './python-kinds.ts';
import { maskVariables } from './variables.ts';
import { readYaml, YAML_OPTIONS } from './yaml-reader.ts';

const PLACE = { file: 'edit', line: 0, column: 0 };
/** Values that MMDetection wants as floats even when they are whole. */
const FLOAT_KEYS: ReadonlySet<string> = new Set([
  'neg_iou_thr',
  'lr',
  'prob',
  'score_thr',
  'iou_threshold',
]);

/**
 * Changes one value in a config text and leaves every other character as it is: comments, order, quotes and blank lines
 * stay. A value that only a base has is added to the text, below the deepest section that the text already has; a value
 * inside a base's list brings the whole list along, because lists replace each other. What must change together does
 * (the scale of all pipelines, the neck's channels with the depth, the keys of another optimiser).
 *
 * `key` is dotted, list elements by index. Throws a UserError when the text is no valid YAML (`config-syntax`) or the key
 * leads nowhere (`config-edit-path`).
 */
export function editConfigText(
  files: ConfigFiles,
  source: SourceText,
  key: string,
  value: Plain,
): string {
  const path = key.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  const { root, base } = readTree(files, source);
  let { text } = source;
  for (const edit of linkedEdits(root, path, value)) text = setInText(text, edit, base);
  return text;
}

function readTree(files: ConfigFiles, source: SourceText): { root: MapNode; base: MapNode } {
  const { root, base, problems } = readWithBases(files, source);
  if (root !== undefined) return { root, base };
  const fault = problems.find((problem) => problem.severity === 'error');
  throw new UserError(fault ?? { code: 'config-syntax', what: 'The config cannot be read.' });
}

function setInText(text: string, edit: Edit, base: MapNode): string {
  // Without `{{…}}` the text is ordinary YAML of the same length, so its positions are those of the text.
  const masked = maskVariables(text);
  const doc = parseDocument(masked, YAML_OPTIONS);
  const editing: Editing = { text, doc, base, eol: text.includes('\r\n') ? '\r\n' : '\n' };
  const changed = applyEdit(editing, edit);
  verify(changed, edit);
  return changed;
}

interface Editing {
  readonly text: string;
  readonly doc: Document.Parsed;
  /** What the bases give. */
  readonly base: MapNode;
  readonly eol: string;
}

function applyEdit(editing: Editing, edit: Edit): string {
  const { doc, text } = editing;
  let node: ParsedNode | null = doc.contents;
  if (node === null || (isScalar(node) && node.value === null)) return appendAtRoot(editing, edit);
  for (let depth = 0; depth < edit.path.length; depth++) {
    const target: ParsedNode = followAlias(doc, node);
    const step = edit.path[depth] ?? '';
    if (isMap(target)) {
      const pair = findPair(target, String(step));
      if (pair === undefined) return insertInto(editing, target, depth, edit);
      if (pair.value === null)
        return splice(
          text,
          pair.key.range[1] + 1,
          pair.key.range[1] + 1,
          ` ${flowYaml(nested(editing, edit, depth + 1))}`,
        );
      node = pair.value;
    } else if (isSeq(target) && typeof step === 'number' && target.items[step] !== undefined) {
      node = asParsed(target.items[step]);
    } else {
      return replaceNode(editing, target, nested(editing, edit, depth));
    }
  }
  return replaceNode(editing, followAlias(doc, node), finalValue(editing, edit));
}

function followAlias(doc: Document.Parsed, node: ParsedNode): ParsedNode {
  if (!isAlias(node)) return node;
  const target = node.resolve(doc);
  if (target === undefined) throw noPath('an alias without an anchor');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the target was made by the same parser
  return target as ParsedNode;
}

// Items of a parsed sequence are parsed nodes; the type of `YAMLSeq.Parsed` says so only for some of its variants.
function asParsed(item: unknown): ParsedNode {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return item as ParsedNode;
}

function findPair(
  map: YAMLMap.Parsed,
  key: string,
): Pair<ParsedNode, ParsedNode | null> | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.source === key);
}

/** The value to write at the end of the path, with what MMDetection wants as float or tuple written so. */
function finalValue(editing: Editing, edit: Edit): ConfigNode {
  const node = typedNode(edit.path, edit.value);
  if (edit.replaceSection !== true || node.kind !== 'map') return node;
  return nodeAt(editing.base, edit.path) === undefined ? node : withDelete(node);
}

function typedNode(path: ConfigPath, value: Plain): ConfigNode {
  const key = String(path.at(-1));
  const node = fromPlain(value, PLACE);
  if (node.kind === 'scalar' && typeof node.value === 'number' && FLOAT_KEYS.has(key)) {
    return { ...node, isFloat: true };
  }
  if (node.kind === 'list' && key === 'neg_iou_thr') {
    const items = node.items.map((item) =>
      item.kind === 'scalar' ? { ...item, isFloat: true } : item,
    );
    return { ...node, items, isTuple: true };
  }
  const entry: MapEntry = { keyPlace: PLACE, value: node };
  return (
    withTuples({ kind: 'map', entries: new Map([[key, entry]]), place: PLACE }).entries.get(key)
      ?.value ?? node
  );
}

function withDelete(map: MapNode): MapNode {
  const flag: ConfigNode = { kind: 'scalar', value: true, isFloat: false, place: PLACE };
  const entries: [string, MapEntry][] = [
    ['_delete_', { keyPlace: PLACE, value: flag }],
    ...map.entries,
  ];
  return { ...map, entries: new Map(entries) };
}

/**
 * What to write at `path[0 … depth − 1]` so that the whole path has the value: sections around it, the base's list with the
 * change where the path goes through one, and `_delete_` where the base has something that is no section.
 */
function nested(editing: Editing, edit: Edit, depth: number): ConfigNode {
  const { base } = editing;
  const here = edit.path.slice(0, depth);
  if (depth === edit.path.length) return finalValue(editing, edit);
  const step = edit.path[depth] ?? '';
  const below = nodeAt(base, here);
  if (below?.kind === 'list') {
    const changed = withNodeAt(below, edit.path.slice(depth), typedNode(edit.path, edit.value));
    if (changed !== undefined) return changed;
  }
  if (typeof step === 'number') throw noPath(`\`${dotted(here)}\` has no element ${step}`);
  const entry: MapEntry = { keyPlace: PLACE, value: nested(editing, edit, depth + 1) };
  const map: MapNode = { kind: 'map', entries: new Map([[step, entry]]), place: PLACE };
  return below !== undefined && below.kind !== 'map' ? withDelete(map) : map;
}

function noPath(why: string): UserError {
  return new UserError({ code: 'config-edit-path', what: `The value cannot be set: ${why}.` });
}

function splice(text: string, start: number, end: number, insert: string): string {
  return text.slice(0, start) + insert + text.slice(end);
}

const TAG_BEFORE = /(!!python\/tuple|!<[^>]*python\/tuple>)[ \t]*(\r?\n[ \t]*)?$/;

function replaceNode(editing: Editing, node: ParsedNode, value: ConfigNode): string {
  const { text } = editing;
  // A list of the same length keeps the comments between its elements.
  if (
    isSeq(node) &&
    node.flow !== true &&
    value.kind === 'list' &&
    value.items.length === node.items.length
  ) {
    const inPlace = replaceItems(editing, node, value.items);
    if (inPlace !== undefined) return inPlace;
  }
  const [nodeStart, nodeEnd] = node.range;
  if (isMap(node) && node.flow !== true && value.kind === 'map') {
    const column = nodeStart - (text.lastIndexOf('\n', nodeStart - 1) + 1);
    const written = blockLines(value).join(editing.eol + ' '.repeat(column));
    return splice(
      text,
      nodeStart,
      nodeStart + text.slice(nodeStart, nodeEnd).trimEnd().length,
      written,
    );
  }
  const before = text.slice(0, nodeStart);
  const tag = TAG_BEFORE.exec(before);
  let start = tag === null ? nodeStart : tag.index;
  const end = nodeStart + text.slice(nodeStart, nodeEnd).trimEnd().length;
  const gap = /:[ \t]*\r?\n[ \t]*$/.exec(text.slice(0, start));
  let written = flowYaml(value);
  // A block collection starts on its own line; what replaces it goes up to the key.
  if (gap !== null) {
    start = gap.index + 1;
    written = ` ${written}`;
  } else if (nodeStart === nodeEnd && before.endsWith(':')) {
    written = ` ${written}`;
  }
  return splice(text, start, end, written);
}

function replaceItems(
  editing: Editing,
  node: YAMLSeq.Parsed,
  values: readonly ConfigNode[],
): string | undefined {
  let { text } = editing;
  // From the last to the first, so that earlier positions stay valid.
  for (let i = values.length - 1; i >= 0; i--) {
    const item = asParsed(node.items[i]);
    const value = values[i];
    if (!isScalar(item) || value?.kind !== 'scalar') return undefined;
    text = splice(text, item.range[0], item.range[1], flowYaml(value));
  }
  return text;
}

function appendAtRoot(editing: Editing, edit: Edit): string {
  const { text, eol } = editing;
  const value = nested(editing, edit, 0);
  if (value.kind !== 'map') throw noPath('a config is a section');
  const gap = text === '' || text.endsWith('\n') ? '' : eol;
  return (
    text +
    gap +
    blockLines(value)
      .map((line) => line + eol)
      .join('')
  );
}

function insertInto(editing: Editing, map: YAMLMap.Parsed, depth: number, edit: Edit): string {
  const { text, eol } = editing;
  const key = String(edit.path[depth]);
  const value = nested(editing, edit, depth + 1);
  const entry: MapEntry = { keyPlace: PLACE, value };
  const addition: MapNode = { kind: 'map', entries: new Map([[key, entry]]), place: PLACE };
  if (map.flow === true) {
    const last = map.items.at(-1);
    const pair = flowYaml(addition).replace(/^\{ /, '').replace(/ \}$/, '');
    if (last === undefined) return splice(text, map.range[0], map.range[1], `{ ${pair} }`);
    const end = endOfPair(last);
    return splice(text, end, end, `, ${pair}`);
  }
  const first = map.items[0];
  const last = map.items.at(-1);
  if (first === undefined || last === undefined) throw noPath('its section is empty');
  const column = first.key.range[0] - (text.lastIndexOf('\n', first.key.range[0] - 1) + 1);
  const contentEnd = text.slice(0, endOfPair(last)).trimEnd().length;
  const newline = text.indexOf('\n', contentEnd);
  const lines = blockLines(addition).map((line) => ' '.repeat(column) + line + eol);
  if (newline < 0) return text + eol + lines.join('');
  return splice(text, newline + 1, newline + 1, lines.join(''));
}

function endOfPair(pair: Pair<ParsedNode, ParsedNode | null>): number {
  return pair.value === null
    ? pair.key.range[1] + 1
    : Math.max(pair.value.range[1], pair.key.range[1] + 1);
}

/** The edited text must be YAML and have the value where it was wanted; anything else is a fault of this file. */
function verify(text: string, edit: Edit): void {
  const { root, problems } = readYaml(maskVariables(text), 'edited');
  const node = root === undefined ? undefined : nodeAt(root, edit.path);
  const got = node === undefined ? undefined : toPlain(node);
  const wanted =
    edit.replaceSection === true && got !== null && typeof got === 'object' && '_delete_' in got
      ? { _delete_: true, ...Object(edit.value) }
      : edit.value;
  if (JSON.stringify(got) === JSON.stringify(wanted)) return;
  const why = problems[0]?.what ?? `got ${JSON.stringify(got)}`;
  throw new Error(`editing ${dotted(edit.path)} failed: ${why}`);
}
