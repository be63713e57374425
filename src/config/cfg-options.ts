import { dotted, nodeAt, toPlain, withNodeAt } from './config-node.ts';
import type {
  ConfigNode,
  ConfigPath,
  ListNode,
  MapNode,
  Place,
  ScalarNode,
} from './config-node.ts';
import { configProblem } from './problem.ts';
import type { ConfigProblem } from './problem.ts';

const PLACE: Place = { file: '--cfg-options', line: 0, column: 0 };

export interface OptionsApplied {
  readonly root: MapNode;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Lays `--cfg-options` over a config, in order: `a.b.c=v` sets a nested key, `pipeline.2.scale=(640,640)` reaches into a
 * list whose element exists and is a section. Replacing one scalar of a list is refused, as in MMEngine: give the whole
 * list. An option that cannot be applied changes nothing and is reported.
 */
export function applyCfgOptions(root: MapNode, options: readonly string[]): OptionsApplied {
  const problems: ConfigProblem[] = [];
  let merged = root;
  const deletesFirst = [...options].sort((a, b) => Number(isDelete(b)) - Number(isDelete(a)));
  for (const option of deletesFirst) {
    const applied = applyOption(merged, option);
    if ('problem' in applied) problems.push(applied.problem);
    else merged = applied.root;
  }
  return { root: merged, problems };
}

/** `optimizer._delete_=True`: forget what the files say about the section; the other options then fill it. */
function isDelete(option: string): boolean {
  return /\._delete_\s*=\s*true\s*$/i.test(option);
}

function applyOption(
  root: MapNode,
  option: string,
): { root: MapNode } | { problem: ConfigProblem } {
  const equals = option.indexOf('=');
  const path = option.slice(0, Math.max(0, equals)).trim().split('.');
  if (equals < 1 || path.includes('')) {
    const action = 'Write key=value, for example optim_wrapper.optimizer.lr=0.005.';
    return { problem: optionProblem(`The option \`${option}\` has no key.`, action) };
  }
  if (isDelete(option)) {
    const empty: MapNode = { kind: 'map', entries: new Map(), place: PLACE };
    const emptied = withNodeAt(root, path.slice(0, -1), empty);
    return { root: emptied?.kind === 'map' ? emptied : root };
  }
  const key = dotted(path);
  const value = parseCfgValue(option.slice(equals + 1));
  if (value === undefined) {
    return {
      problem: optionProblem(
        `The brackets in \`${option}\` do not match.`,
        'Close each bracket.',
        key,
      ),
    };
  }
  const obstacle = findObstacle(root, path);
  if (obstacle !== undefined)
    return { problem: optionProblem(obstacle.what, obstacle.action, key) };
  const changed = withNodeAt(root, path, value);
  if (changed === undefined || changed.kind !== 'map') {
    return { problem: optionProblem(`\`${key}\` cannot be set.`, 'Check the key.', key) };
  }
  return { root: changed };
}

/** What stands in the way of setting a key: a list without that element, a scalar element, a value that is no section. */
function findObstacle(
  root: MapNode,
  path: ConfigPath,
): { what: string; action: string } | undefined {
  for (let depth = 1; depth <= path.length; depth++) {
    const parent = nodeAt(root, path.slice(0, depth - 1));
    if (parent === undefined) return undefined;
    const parentKey = dotted(path.slice(0, depth - 1));
    const step = String(path[depth - 1]);
    if (parent.kind === 'scalar') {
      const value = JSON.stringify(toPlain(parent));
      return {
        what: `\`${parentKey}\` is ${value}, not a section.`,
        action: `Replace it by a section: ${parentKey}._delete_=True.`,
      };
    }
    if (parent.kind !== 'list') continue;
    const replaceAll = `Give the whole list: ${parentKey}=[…].`;
    if (!/^\d+$/.test(step)) {
      return {
        what: `\`${parentKey}\` is a list; \`${step}\` is no index into it.`,
        action: replaceAll,
      };
    }
    const item = parent.items[Number(step)];
    if (item === undefined) {
      const what = `\`${parentKey}\` has ${parent.items.length} elements, so there is no element ${step} (counted from 0).`;
      return { what, action: replaceAll };
    }
    if (depth === path.length) {
      return {
        what: `A single element of the list \`${parentKey}\` cannot be replaced.`,
        action: replaceAll,
      };
    }
  }
  return undefined;
}

function optionProblem(what: string, action: string, key?: string): ConfigProblem {
  return configProblem({
    code: 'config-option',
    what,
    action,
    place: PLACE,
    ...(key === undefined ? {} : { key }),
  });
}

/**
 * Reads the value of an option by the grammar of MMEngine's `DictAction`: int, float, `true`/`False`, `None`; `1,2` and
 * `[1,2]` are lists, `(1,2)` is a tuple, both nest; anything else is text. Two deviations: quoted text stays text even
 * when it looks like a number, and spaces inside text are kept (class names have them). Undefined when brackets do not
 * match.
 */
export function parseCfgValue(text: string): ConfigNode | undefined {
  const trimmed = text.trim();
  const unquoted = trimmed.replace(/^(['"])((?:(?!\1).)*)\1$/s, '$2').trim();
  const quoted = unquoted !== trimmed;
  for (const [open, close, isTuple] of BRACKETS) {
    if (unquoted.startsWith(open) && unquoted.endsWith(close))
      return parseItems(unquoted.slice(1, -1), isTuple);
  }
  if (quoted) return scalar(unquoted);
  const parts = splitAtCommas(trimmed);
  if (parts === undefined) return undefined;
  return parts.length > 1 ? parseItems(trimmed, false) : parseScalar(trimmed);
}

const BRACKETS = [
  ['(', ')', true],
  ['[', ']', false],
] as const;

function parseItems(text: string, isTuple: boolean): ListNode | undefined {
  const parts = splitAtCommas(text);
  if (parts === undefined) return undefined;
  // A trailing comma adds no element: `(1,)` is a tuple of one, `()` of none.
  if (parts.at(-1)?.trim() === '') parts.pop();
  const items = parts.map(parseCfgValue);
  const valid = items.filter((item) => item !== undefined);
  return valid.length === items.length
    ? { kind: 'list', items: valid, isTuple, place: PLACE }
    : undefined;
}

/** Splits at commas outside brackets and quotes; undefined when a bracket is not closed or closes nothing. */
function splitAtCommas(text: string): string[] | undefined {
  const parts: string[] = [];
  const open: string[] = [];
  let quote = '';
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote !== '') quote = char === quote ? '' : quote;
    else if ((char === '"' || char === "'") && text.slice(start, i).trim() === '') quote = char;
    else if (char === '(' || char === '[') open.push(char === '(' ? ')' : ']');
    else if (char === ')' || char === ']') {
      if (open.pop() !== char) return undefined;
    } else if (char === ',' && open.length === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return open.length === 0 ? parts : undefined;
}

function parseScalar(text: string): ScalarNode {
  if (/^[+-]?\d+(_\d+)*$/.test(text)) return scalar(Number(text.replaceAll('_', '')));
  if (/^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/i.test(text)) {
    return scalar(Number(text.replaceAll('_', '')), true);
  }
  if (/^(true|false)$/i.test(text)) return scalar(text.toLowerCase() === 'true');
  return scalar(text === 'None' ? null : text);
}

function scalar(value: ScalarNode['value'], isFloat = false): ScalarNode {
  return { kind: 'scalar', value, isFloat, place: PLACE };
}
