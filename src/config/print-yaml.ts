import { stringify } from 'yaml';
import type { ConfigNode, ListNode, MapNode, ScalarNode } from './config-node.ts';
import { pythonFloat } from './yaml-reader.ts';

const INDENT = '  ';
const LINE_WIDTH = 100;

/**
 * A tree as YAML that PyYAML (MMEngine) reads back to the same values: maps in block style, lists of scalars on one line,
 * tuples with Python's tag, words that YAML 1.1 would take for booleans in quotes. Ends with a line break; an empty map
 * gives `{}`.
 */
export function printYaml(root: MapNode): string {
  if (root.entries.size === 0) return '{}\n';
  return `${blockLines(root).join('\n')}\n`;
}

/** A node on one line, as it stands inside `[…]` or after a key. */
export function flowYaml(node: ConfigNode): string {
  if (node.kind === 'scalar') return scalarYaml(node);
  if (node.kind === 'list') {
    return `${node.isTuple ? '!!python/tuple ' : ''}[${node.items.map(flowYaml).join(', ')}]`;
  }
  const pairs = [...node.entries].map(
    ([key, entry]) => `${keyYaml(key)}: ${flowYaml(entry.value)}`,
  );
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`;
}

/** The lines of a non-empty map or list in block style, without indentation of the first level. */
export function blockLines(node: MapNode | ListNode): string[] {
  if (node.kind === 'list') return node.items.flatMap((item) => itemLines(item));
  return [...node.entries].flatMap(([key, entry]) => keyLines(keyYaml(key), entry.value));
}

function keyLines(key: string, value: ConfigNode): string[] {
  const flow = fitsOneLine(value, key.length) ? flowYaml(value) : undefined;
  if (flow !== undefined || value.kind === 'scalar') return [`${key}: ${flow ?? flowYaml(value)}`];
  const tag = value.kind === 'list' && value.isTuple ? ' !!python/tuple' : '';
  return [`${key}:${tag}`, ...blockLines(value).map((line) => INDENT + line)];
}

function itemLines(item: ConfigNode): string[] {
  if (item.kind === 'scalar' || fitsOneLine(item, 2)) return [`- ${flowYaml(item)}`];
  if (item.kind === 'list') return ['-', ...blockLines(item).map((line) => INDENT + line)];
  return blockLines(item).map((line, i) => (i === 0 ? `- ${line}` : INDENT + line));
}

// Empty collections have only the flow form; lists of scalars (and lists of such lists) read best on one line.
function fitsOneLine(node: ConfigNode, used: number): boolean {
  if (node.kind === 'map') return node.entries.size === 0;
  if (node.kind === 'scalar') return true;
  if (node.items.length === 0) return true;
  return !holdsMap(node) && used + flowYaml(node).length + 2 <= LINE_WIDTH;
}

function holdsMap(node: ConfigNode): boolean {
  return node.kind === 'map' || (node.kind === 'list' && node.items.some(holdsMap));
}

function scalarYaml(node: ScalarNode): string {
  const { value } = node;
  if (typeof value === 'number') return node.isFloat ? pythonFloat(value) : integerText(value);
  if (typeof value === 'string') return quoteYaml(value);
  return String(value);
}

function integerText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? String(value) : pythonFloat(value);
}

// `y` and `n` are booleans to other YAML 1.1 readers, but not to PyYAML nor to the reader here; as keys they stay plain.
function keyYaml(key: string): string {
  return /^[A-Za-z_]$/.test(key) ? key : quoteYaml(key);
}

/** A string as a plain scalar where YAML 1.1 and PyYAML both read that as this string in flow context, else in quotes. */
function quoteYaml(text: string): string {
  const plain = /^[A-Za-z_./~][\w./:+@()-]*( [\w./:+@()-]+)*$/.test(text) && !/:( |$)/.test(text);
  if (plain && !AMBIGUOUS.test(text)) return text;
  return stringify(text, {
    version: '1.1',
    defaultStringType: 'QUOTE_DOUBLE',
    lineWidth: 0,
  }).trimEnd();
}

const AMBIGUOUS = /^(y|n|yes|no|on|off|true|false|null|~|\.inf|\.nan|[-+.\d][-+.\d_eE:]*)$/i;
