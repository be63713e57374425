import { nodeAt, toPlain } from './config-node.ts';
import type { ConfigNode, MapNode } from './config-node.ts';
import { configProblem } from './problem.ts';
import type { ConfigProblem } from './problem.ts';

// Private-use characters: legal in YAML scalars, and no config contains them. One for each brace, so columns stay.
const OPEN = '\uE000';
const CLOSE = '\uE001';
const BRACES = /\{\{(\s*(?:_base_\.[\w.]+|file[A-Z]\w*)\s*)\}\}/g;
const MASKED = new RegExp(`${OPEN}{2}\\s*([\\w.]+)\\s*${CLOSE}{2}`, 'g');

/**
 * Makes `{{ fileBasename }}` and `{{_base_.x.y}}` readable for a YAML parser without moving a character; MMEngine
 * replaces them in the text before it parses.
 */
export function maskVariables(text: string): string {
  return text.replaceAll(BRACES, (_, inner: string) => OPEN + OPEN + inner + CLOSE + CLOSE);
}

/**
 * Puts values in for masked variables: a scalar that is one `{{_base_.x}}` becomes the base's value of any type; inside a
 * longer text it becomes part of the text. `base` is the merged bases, `file` the path for `{{ fileDirname }}` and so on.
 */
export function fillVariables(
  root: MapNode,
  base: MapNode,
  file: string,
  problems: ConfigProblem[],
): MapNode {
  const visit = (node: ConfigNode): ConfigNode => {
    if (node.kind === 'list') return { ...node, items: node.items.map(visit) };
    if (node.kind === 'map') return visitMap(node);
    if (typeof node.value !== 'string' || !node.value.includes(OPEN)) return node;
    return fillScalar(node.value, node, base, file, problems);
  };
  const visitMap = (node: MapNode): MapNode => {
    const entries = [...node.entries].map(
      ([key, entry]) => [key, { ...entry, value: visit(entry.value) }] as const,
    );
    return { ...node, entries: new Map(entries) };
  };
  return visitMap(root);
}

function fillScalar(
  text: string,
  node: ConfigNode,
  base: MapNode,
  file: string,
  problems: ConfigProblem[],
): ConfigNode {
  const lookUp = (name: string): ConfigNode | undefined => {
    const found = variable(name, base, file, node);
    if (found === undefined) {
      const what = `\`{{${name}}}\` has no value: no base of this file sets it.`;
      problems.push(configProblem({ code: 'config-unknown-variable', what, place: node.place }));
    }
    return found;
  };
  const whole = new RegExp(`^${MASKED.source}$`).exec(text)?.[1];
  if (whole !== undefined) {
    const value = lookUp(whole);
    return value === undefined ? node : { ...value, place: node.place };
  }
  const filled = text.replaceAll(MASKED, (_, name: string) => {
    const value = lookUp(name);
    if (value === undefined) return '';
    const plain = toPlain(value);
    return typeof plain === 'object' ? JSON.stringify(plain) : String(plain);
  });
  return { kind: 'scalar', value: filled, isFloat: false, place: node.place };
}

function variable(
  name: string,
  base: MapNode,
  file: string,
  at: ConfigNode,
): ConfigNode | undefined {
  if (name.startsWith('_base_.')) return nodeAt(base, name.slice('_base_.'.length).split('.'));
  const text = fileVariable(name, file);
  return text === undefined
    ? undefined
    : { kind: 'scalar', value: text, isFloat: false, place: at.place };
}

function fileVariable(name: string, file: string): string | undefined {
  const slash = file.lastIndexOf('/');
  const basename = file.slice(slash + 1);
  const dot = basename.lastIndexOf('.');
  const stem = dot > 0 ? basename.slice(0, dot) : basename;
  const byName: Readonly<Record<string, string>> = {
    fileDirname: slash < 0 ? '.' : file.slice(0, slash),
    fileBasename: basename,
    fileBasenameNoExtension: stem,
    fileExtname: dot > 0 ? basename.slice(dot) : '',
  };
  return byName[name];
}
