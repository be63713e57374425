import type { z } from 'zod';
import { childAt, dotted, nearestNode, nodeAt, toPlain } from './config-node.ts';
import type { ConfigNode, ConfigPath, MapNode, Place, Plain } from './config-node.ts';
import { OLD_KEYS, UPSTREAM_TYPES } from './known-names.ts';
import { editDistance, nearestNames } from './nearest-name.ts';
import { configProblem, quotedList } from './problem.ts';
import type { ConfigProblem } from './problem.ts';
import { keysAt, schemaAt } from './schema-lookup.ts';

type Issue = z.core.$ZodIssue;

/** Turns what the schema found into problems that name the key, its line, what was wanted and what was there. */
export function schemaProblems(issues: readonly Issue[], root: MapNode): ConfigProblem[] {
  const plain = toPlain(root);
  return issues.flatMap((issue) => translate({ root, plain }, issue, toPath(issue.path)));
}

interface Checked {
  readonly root: MapNode;
  readonly plain: Plain;
}

function toPath(path: readonly PropertyKey[]): ConfigPath {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}

function translate(checked: Checked, issue: Issue, path: ConfigPath): ConfigProblem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(checked, path, key));
    case 'invalid_union': {
      const options = typeOptions(issue);
      if (options !== undefined) return [unknownType(checked, path, options)];
      const nested = closestErrors(issue.errors);
      if (nested === undefined) return [wrongType(checked, path, expectedOf(issue.errors))];
      return nested.flatMap((inner) => translate(checked, inner, [...path, ...toPath(inner.path)]));
    }
    case 'invalid_value':
      return [wrongValue(checked, path, issue.values, issue.message)];
    case 'invalid_type':
      return [wrongType(checked, path, [expectedWord(issue.expected)])];
    case 'too_small':
    case 'too_big':
      return [outOfRange(checked, path, issue)];
    default:
      return [
        problem(checked, path, {
          code: 'config-invalid',
          what: `${subject(path)}: ${issue.message}.`,
        }),
      ];
  }
}

// A discriminated union reports the names it knows; a union whose options are all literal-typed has none.
function typeOptions(issue: Issue): readonly string[] | undefined {
  if (issue.code !== 'invalid_union' || issue.errors.length > 0) return undefined;
  const options: unknown = 'options' in issue ? issue.options : undefined;
  return Array.isArray(options) ? options.map(String) : undefined;
}

/** Of a union's failures, those of the option that was evidently meant: it failed inside, not at its outermost type. */
function closestErrors(errors: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const outermost = (issue: Issue): boolean =>
    issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
  return errors.find((issues) => !issues.some(outermost));
}

function expectedOf(errors: readonly (readonly Issue[])[]): string[] {
  return errors.flat().flatMap((issue) => {
    if (issue.code === 'invalid_type') return [expectedWord(issue.expected)];
    return issue.code === 'invalid_value'
      ? issue.values.map((value) => `\`${String(value)}\``)
      : [];
  });
}

const WORDS: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: '`true` or `false`',
  array: 'a list',
  tuple: 'a list',
  object: 'a section',
  record: 'a section',
  null: '`null`',
};

function expectedWord(expected: string): string {
  return WORDS[expected] ?? expected;
}

function described(value: Plain | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return '`null`';
  if (typeof value === 'string') return `the text \`${shorten(value)}\``;
  if (Array.isArray(value))
    return value.length === 0 ? 'an empty list' : `the list \`${shorten(JSON.stringify(value))}\``;
  return typeof value === 'object' ? 'a section' : `\`${String(value)}\``;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function subject(path: ConfigPath): string {
  return path.length === 0 ? 'The config' : `\`${dotted(path)}\``;
}

interface Said {
  readonly code: string;
  readonly what: string;
  readonly why?: string;
  readonly action?: string;
  readonly params?: Readonly<Record<string, string | number>>;
}

/** A problem placed at the value, or at its nearest section when it is missing. */
function problem(checked: Checked, path: ConfigPath, said: Said): ConfigProblem {
  const place: Place = nearestNode(checked.root, path).place;
  const why = said.why ?? schemaAt(path, checked.plain)?.description;
  return configProblem({
    ...said,
    ...(why === undefined ? {} : { why: sentence(why) }),
    place,
    key: dotted(path),
  });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function unknownKey(checked: Checked, path: ConfigPath, key: string): ConfigProblem {
  const section = nodeAt(checked.root, path);
  const place = section?.kind === 'map' ? section.entries.get(key)?.keyPlace : undefined;
  const full = [...path, key];
  const at = place === undefined ? {} : { place };
  const old = path.length === 0 && Object.hasOwn(OLD_KEYS, key) ? OLD_KEYS[key] : undefined;
  if (old !== undefined) {
    const what = `\`${key}\` is a key of MMDetection 2.x.`;
    return configProblem({
      code: 'config-old-key',
      what,
      action: `In 3.x it is ${old}.`,
      ...at,
      key: dotted(full),
    });
  }
  const known = keysAt(path, checked.plain);
  const near = nearestNames(key, known);
  const misspelt = near[0] !== undefined && editDistance(key, near[0]) <= 2;
  const elsewhere = misspelt ? [] : placesOfKey(checked.root, key, full);
  const action =
    elsewhere.length > 0
      ? `There is ${quotedList(elsewhere)}.`
      : near.length > 0
        ? `Did you mean ${quotedList(near)}?`
        : `Keys here: ${known.slice(0, 40).join(', ')}.`;
  const name = sectionName(section, path);
  return configProblem({
    code: 'config-unknown-key',
    what: `${name} has no key \`${key}\`.`,
    action,
    ...at,
    key: dotted(full),
    params: { key, section: name, nearest: elsewhere[0] ?? near[0] ?? '' },
  });
}

function sectionName(section: ConfigNode | undefined, path: ConfigPath): string {
  const type = section === undefined ? undefined : childAt(section, 'type');
  if (type?.kind === 'scalar' && typeof type.value === 'string') return type.value;
  return subject(path);
}

/** Dotted keys elsewhere in the config that end in `key`, at most two. */
function placesOfKey(root: MapNode, key: string, self: ConfigPath): string[] {
  const found: string[] = [];
  const visit = (node: ConfigNode, path: ConfigPath): void => {
    if (node.kind === 'list') node.items.forEach((item, i) => visit(item, [...path, i]));
    if (node.kind !== 'map') return;
    for (const [name, entry] of node.entries) {
      const here = [...path, name];
      if (name === key && dotted(here) !== dotted(self)) found.push(dotted(here));
      visit(entry.value, here);
    }
  };
  visit(root, []);
  return found.slice(0, 2);
}

function unknownType(
  checked: Checked,
  path: ConfigPath,
  options: readonly string[],
): ConfigProblem {
  const node = nodeAt(checked.root, path);
  const value = node === undefined ? undefined : toPlain(node);
  const section = dotted(path.slice(0, -1));
  const known = quotedList(options);
  if (value === undefined) {
    const what = `\`${section}\` has no \`type\`.`;
    return problem(checked, path, {
      code: 'config-missing-type',
      what,
      action: `Write \`type: ${options[0] ?? ''}\` (known here: ${known}).`,
      why: 'Each such section says what it builds',
    });
  }
  const name = typeof value === 'string' ? value : JSON.stringify(value);
  const params = { type: name, nearest: nearestNames(name, options)[0] ?? '' };
  if (UPSTREAM_TYPES.has(name)) {
    const what = `\`${name}\` (${section}) is not supported.`;
    const why = 'MMDetection has it; Anchorage does not run it';
    return problem(checked, path, {
      code: 'config-unsupported-type',
      what,
      why,
      action: `Use ${known}.`,
      params,
    });
  }
  const near = nearestNames(name, options);
  const action = near.length > 0 ? `Did you mean ${quotedList(near)}?` : `Use ${known}.`;
  const what = `\`${name}\` is no known type for \`${section}\`.`;
  return problem(checked, path, {
    code: 'config-unknown-type',
    what,
    why: `Known here: ${known}`,
    action,
    params,
  });
}

function wrongValue(
  checked: Checked,
  path: ConfigPath,
  values: readonly unknown[],
  message: string,
): ConfigProblem {
  const node = nodeAt(checked.root, path);
  if (node === undefined) return missing(checked, path);
  if (path.at(-1) === 'type') return unknownType(checked, path, values.map(String));
  const got = described(toPlain(node));
  const onlyValue = message.startsWith('only-value: ')
    ? message.slice('only-value: '.length)
    : undefined;
  if (onlyValue !== undefined) {
    const what = `\`${dotted(path)}: ${shorten(JSON.stringify(toPlain(node)))}\` is not supported.`;
    const action = `Only \`${String(values[0])}\` is; the key may be left out.`;
    return problem(checked, path, {
      code: 'config-unsupported-value',
      what,
      why: onlyValue,
      action,
    });
  }
  const names = values.map(String);
  const near =
    node.kind === 'scalar' && typeof node.value === 'string' ? nearestNames(node.value, names) : [];
  return problem(checked, path, {
    code: 'config-wrong-value',
    what: `${subject(path)} must be ${quotedList(names)}, got ${got}.`,
    ...(near.length > 0 ? { action: `Did you mean ${quotedList(near)}?` } : {}),
  });
}

function missing(checked: Checked, path: ConfigPath): ConfigProblem {
  const section = path.length > 1 ? `\`${dotted(path.slice(0, -1))}\`` : 'the config';
  const what = `\`${String(path.at(-1))}\` is missing in ${section}.`;
  return problem(checked, path, { code: 'config-missing-key', what });
}

function wrongType(checked: Checked, path: ConfigPath, expected: readonly string[]): ConfigProblem {
  const node = nodeAt(checked.root, path);
  if (node === undefined) return missing(checked, path);
  const value = toPlain(node);
  if (path.at(-1) === 'classes' && typeof value === 'string') {
    return problem(checked, path, {
      code: 'config-classes-string',
      what: `\`${dotted(path)}\` is one text, \`${shorten(value)}\`.`,
      why: 'MMDetection would take each letter for a class.',
      action: `A list of one name is wanted: [${value}].`,
    });
  }
  const words = [...new Set(expected)];
  const last = words.pop() ?? 'another value';
  const wanted = words.length === 0 ? last : `${words.join(', ')} or ${last}`;
  const numeric = typeof value === 'string' && /^[-+]?[\d.]/.test(value) && /number/.test(wanted);
  const unquoted = wanted === 'text' && (typeof value === 'number' || typeof value === 'boolean');
  return problem(checked, path, {
    code: 'config-wrong-type',
    what: `${subject(path)} must be ${wanted}, got ${described(value)}.`,
    ...(numeric ? { action: 'Write it as a number, without quotes or unit.' } : {}),
    ...(unquoted ? { action: `Write it in quotes: '${String(value)}'.` } : {}),
  });
}

type RangeIssue = Extract<Issue, { code: 'too_small' | 'too_big' }>;

function outOfRange(checked: Checked, path: ConfigPath, issue: RangeIssue): ConfigProblem {
  const node = nodeAt(checked.root, path);
  const got = described(node === undefined ? undefined : toPlain(node));
  const [bound, most] = issue.code === 'too_small' ? [issue.minimum, false] : [issue.maximum, true];
  const strictly = issue.inclusive === false;
  const word = most ? (strictly ? 'less than' : 'at most') : strictly ? 'more than' : 'at least';
  if (issue.origin === 'array') {
    const prefix = issue.exact === true || fixedLength(checked, path) ? 'exactly' : word;
    const unit = Number(bound) === 1 ? 'element' : 'elements';
    const what = `${subject(path)} must have ${prefix} ${String(bound)} ${unit}, got ${got}.`;
    return problem(checked, path, { code: 'config-wrong-length', what });
  }
  if (issue.origin === 'string') {
    return problem(checked, path, {
      code: 'config-wrong-value',
      what: `${subject(path)} must not be empty.`,
    });
  }
  const what = `${subject(path)} must be ${word} ${String(bound)}, got ${got}.`;
  return problem(checked, path, { code: 'config-out-of-range', what });
}

function fixedLength(checked: Checked, path: ConfigPath): boolean {
  return schemaAt(path, checked.plain)?.prefixItems !== undefined;
}
