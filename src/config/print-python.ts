import type { ConfigNode, ListNode, MapNode } from './config-node.ts';
import { pythonFloat } from './yaml-reader.ts';

const LINE_WIDTH = 79;
const INDENT = '    ';
const IDENTIFIER = /^[A-Za-z_]\w*$/;
const KEYWORDS = new Set(
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
);

/**
 * A tree as an MMEngine config file: `key = dict(type='…', …)` per top-level key, in order, tuples as tuples. Keys that are
 * no Python names are written as dict literals, and at the top level through `globals()`. Ends with a line break.
 */
export function printPython(root: MapNode): string {
  const lines = [...root.entries].map(([key, entry]) => {
    const name = isName(key) ? key : `globals()[${quotePython(key)}]`;
    const start = `${name} = `;
    return start + expression(entry.value, '', start.length);
  });
  return lines.map((line) => `${line}\n`).join('');
}

function isName(key: string): boolean {
  return IDENTIFIER.test(key) && !KEYWORDS.has(key);
}

/** `indent` is that of the line the expression starts on, `used` the characters before it on that line. */
function expression(node: ConfigNode, indent: string, used: number): string {
  if (node.kind === 'scalar') return scalarPython(node.value, node.isFloat);
  const oneLine = flat(node);
  if (used + oneLine.length + 1 <= LINE_WIDTH) return oneLine;
  const inner = indent + INDENT;
  const [open, close, parts] =
    node.kind === 'list' ? listParts(node, inner) : mapParts(node, inner);
  return `${open}\n${parts.map((part) => `${inner}${part},\n`).join('')}${indent}${close}`;
}

function listParts(node: ListNode, inner: string): [string, string, string[]] {
  const items = node.items.map((item) => expression(item, inner, inner.length));
  return node.isTuple ? ['(', ')', items] : ['[', ']', items];
}

function mapParts(node: MapNode, inner: string): [string, string, string[]] {
  const names = [...node.entries.keys()].every(isName);
  const parts = [...node.entries].map(([key, entry]) => {
    const start = names ? `${key}=` : `${quotePython(key)}: `;
    return start + expression(entry.value, inner, inner.length + start.length);
  });
  return names ? ['dict(', ')', parts] : ['{', '}', parts];
}

function flat(node: ConfigNode): string {
  if (node.kind === 'scalar') return scalarPython(node.value, node.isFloat);
  if (node.kind === 'list') {
    const items = node.items.map(flat);
    if (!node.isTuple) return `[${items.join(', ')}]`;
    return items.length === 1 ? `(${items.join('')},)` : `(${items.join(', ')})`;
  }
  const names = [...node.entries.keys()].every(isName);
  const pairs = [...node.entries].map(([key, { value }]) =>
    names ? `${key}=${flat(value)}` : `${quotePython(key)}: ${flat(value)}`,
  );
  return names ? `dict(${pairs.join(', ')})` : `{${pairs.join(', ')}}`;
}

function scalarPython(value: string | number | boolean | null, isFloat: boolean): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quotePython(value);
  if (!Number.isFinite(value))
    return `float('${String(value).replace('Infinity', 'inf').toLowerCase()}')`;
  return isFloat || !Number.isInteger(value) || Math.abs(value) >= 1e21
    ? pythonFloat(value)
    : String(value);
}

/** A Python string literal in single quotes. */
function quotePython(text: string): string {
  const escaped = text.replaceAll(/[\\'\u0000-\u001f\u007f\u2028\u2029]/g, (char) => {
    if (char === '\\' || char === "'") return `\\${char}`;
    if (char === '\n') return '\\n';
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `'${escaped}'`;
}
