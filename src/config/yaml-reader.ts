import { isAlias, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { CollectionTag, Document, Pair, ParsedNode, Scalar, ScalarTag, Tags } from 'yaml';
import type { ConfigNode, MapEntry, MapNode, Place, ScalarNode } from './config-node.ts';
import { configProblem } from './problem.ts';
import type { ConfigProblem } from './problem.ts';

/** More nodes than this (after aliases are followed) are no config but an attack or a mistake. */
const MAX_NODES = 50_000;
const MAX_DEPTH = 64;
const MAX_CHARS = 1_000_000;
const TUPLE_TAG = 'tag:yaml.org,2002:python/tuple';

const tupleTag: CollectionTag = { tag: TUPLE_TAG, collection: 'seq', resolve: (seq) => seq };

// Dates, byte strings and sets have no place in a config; without their tags such scalars stay text.
const UNWANTED =
  /^(timestamp|intTime|floatTime|binary|set|omap|pairs)$|2002:(timestamp|binary|set|omap|pairs)$/;
function isWanted(tag: string | ScalarTag | CollectionTag): boolean {
  return !UNWANTED.test(typeof tag === 'string' ? tag : tag.tag);
}

/** Options that make YAML mean what it means to MMEngine (PyYAML: YAML 1.1, and Python's tuple tag). */
export const YAML_OPTIONS = {
  version: '1.1',
  prettyErrors: false,
  customTags: (tags: Tags): Tags => [...tags.filter(isWanted), tupleTag],
} as const;

export interface YamlText {
  readonly root?: MapNode;
  readonly problems: readonly ConfigProblem[];
}

interface Reading {
  readonly file: string;
  readonly lines: LineCounter;
  readonly doc: Document.Parsed;
  readonly problems: ConfigProblem[];
  nodes: number;
}

/** Thrown inside this file when the limits are passed; everything else is collected. */
class TooLarge extends Error {}

/**
 * Reads a YAML text into a tree with places. Syntax errors, duplicate keys, non-string keys and unknown tags are
 * problems with line and column; with any of severity `error` there is no root. An empty text is an empty map.
 */
export function readYaml(text: string, file: string): YamlText {
  const wholeFile: Place = { file, line: 0, column: 0 };
  if (text.length > MAX_CHARS) {
    const what = `The config has ${text.length} characters; more than ${MAX_CHARS} are not read.`;
    return { problems: [configProblem({ code: 'config-too-large', what, place: wholeFile })] };
  }
  const lines = new LineCounter();
  const doc = parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines });
  const reading: Reading = { file, lines, doc, problems: [], nodes: 0 };
  for (const fault of [...doc.errors, ...doc.warnings]) {
    reading.problems.push(syntaxProblem(reading, fault.code, fault.message, fault.pos[0]));
  }
  if (reading.problems.length > 0) return { problems: reading.problems };
  if (doc.contents === null) {
    const place: Place = { file, line: 1, column: 1 };
    return { root: { kind: 'map', entries: new Map(), place }, problems: [] };
  }
  try {
    const root = readNode(reading, doc.contents, 0);
    if (root.kind === 'scalar' && root.value === null) {
      return { root: { kind: 'map', entries: new Map(), place: root.place }, problems: [] };
    }
    if (root.kind !== 'map') {
      const what = 'A config is a map of keys at the top level.';
      const action = 'Write `key: value` lines, for example `_base_: …`.';
      reading.problems.push(
        configProblem({ code: 'config-not-a-map', what, action, place: root.place }),
      );
    }
    const failed = reading.problems.some((problem) => problem.severity === 'error');
    return failed || root.kind !== 'map'
      ? { problems: reading.problems }
      : { root, problems: reading.problems };
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    const problem = configProblem({
      code: 'config-too-large',
      what: error.message,
      place: wholeFile,
    });
    return { problems: [...reading.problems, problem] };
  }
}

const SYNTAX_ADVICE: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces.',
  DUPLICATE_KEY: 'Keep one of the two.',
  BAD_INDENT: 'Line the keys of one section up under each other.',
  MISSING_CHAR: 'Close the bracket or quote, or put a colon after the key.',
  TAG_RESOLVE_FAILED: 'Write a plain value; only the tag `!!python/tuple` is known.',
};

function syntaxProblem(
  reading: Reading,
  code: string,
  message: string,
  offset: number,
): ConfigProblem {
  const duplicate = code === 'DUPLICATE_KEY';
  const action = SYNTAX_ADVICE[code];
  return configProblem({
    code: duplicate ? 'config-duplicate-key' : 'config-syntax',
    what: duplicate
      ? 'This key is already in the same section.'
      : `This is not valid YAML: ${message}.`,
    ...(action === undefined ? {} : { action }),
    place: placeAt(reading, offset),
  });
}

function placeAt(reading: Reading, offset: number): Place {
  const { line, col } = reading.lines.linePos(offset);
  return { file: reading.file, line, column: col };
}

function readNode(reading: Reading, node: ParsedNode, depth: number): ConfigNode {
  reading.nodes += 1;
  if (reading.nodes > MAX_NODES)
    throw new TooLarge(`The config has more than ${MAX_NODES} values.`);
  if (depth > MAX_DEPTH)
    throw new TooLarge(`The config is nested more than ${MAX_DEPTH} levels deep.`);
  if (isAlias(node)) {
    const target = node.resolve(reading.doc);
    if (target === undefined) {
      const place = placeAt(reading, node.range[0]);
      const what = `\`*${node.source}\` refers to no anchor before it.`;
      reading.problems.push(configProblem({ code: 'config-syntax', what, place }));
      return { kind: 'scalar', value: null, isFloat: false, place };
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the target was made by the same parser
    return readNode(reading, target as ParsedNode, depth + 1);
  }
  const place = placeAt(reading, node.range[0]);
  if (isScalar(node)) return readScalar(reading, node, place);
  if (isSeq(node)) {
    const items = node.items.map((item) => readNode(reading, item, depth + 1));
    return { kind: 'list', items, isTuple: node.tag === TUPLE_TAG, place };
  }
  const entries = new Map<string, MapEntry>();
  const inherited = new Map<string, MapEntry>();
  for (const pair of node.items) readPair(reading, pair, entries, inherited, depth);
  for (const [key, entry] of inherited) if (!entries.has(key)) entries.set(key, entry);
  return { kind: 'map', entries, place };
}

function readPair(
  reading: Reading,
  pair: Pair<ParsedNode, ParsedNode | null>,
  entries: Map<string, MapEntry>,
  inherited: Map<string, MapEntry>,
  depth: number,
): void {
  const keyPlace = placeAt(reading, pair.key.range[0]);
  const key = readNode(reading, pair.key, depth + 1);
  if (key.kind !== 'scalar' || key.value === null) {
    const what = 'A key must be a word.';
    reading.problems.push(configProblem({ code: 'config-syntax', what, place: keyPlace }));
    return;
  }
  const value: ConfigNode =
    pair.value === null
      ? { kind: 'scalar', value: null, isFloat: false, place: keyPlace }
      : readNode(reading, pair.value, depth + 1);
  const name =
    isScalar(pair.key) && typeof pair.key.source === 'string' ? pair.key.source : String(key.value);
  if (name !== '<<') {
    entries.set(name, { keyPlace, value });
    return;
  }
  for (const source of value.kind === 'list' ? value.items : [value]) {
    if (source.kind !== 'map') {
      const what = '`<<` takes a map or an alias of a map.';
      reading.problems.push(configProblem({ code: 'config-syntax', what, place: source.place }));
      continue;
    }
    for (const [k, entry] of source.entries) if (!inherited.has(k)) inherited.set(k, entry);
  }
}

function readScalar(reading: Reading, node: Scalar.Parsed, place: Place): ScalarNode {
  const { value, source } = node;
  // The parser takes `e6` for a number that it then cannot read.
  const isNumber = typeof value === 'number' && (!Number.isNaN(value) || /nan/i.test(source));
  if (isNumber) {
    // PyYAML wants a point in a number with an exponent and takes `1e-3` for text.
    if (node.type === 'PLAIN' && /^[-+]?[0-9_]+[eE]/.test(source)) {
      const what = `\`${source}\` is text to MMEngine's YAML reader, not a number.`;
      const action = `Write ${pythonFloat(value)}. Here it is read as a number.`;
      const input = { code: 'config-float-without-point', what, action, place } as const;
      reading.problems.push(configProblem({ ...input, severity: 'warning' }));
    }
    return {
      kind: 'scalar',
      value,
      isFloat: !/^[-+]?(0[xob])?[0-9a-fA-F_:]+$/.test(source) || /^[-+]?[0-9_]+[eE]/.test(source),
      place,
    };
  }
  // `y` and `n` are booleans in the YAML 1.1 text but words to PyYAML.
  if (typeof value === 'boolean' && source.length > 1)
    return { kind: 'scalar', value, isFloat: false, place };
  const text = value === null || typeof value === 'string' ? value : source;
  return { kind: 'scalar', value: text, isFloat: false, place };
}

/** A number as Python and PyYAML both read a float: `0.01`, `1.0`, `1.0e-07`. */
export function pythonFloat(value: number): string {
  if (value === Infinity) return '.inf';
  if (value === -Infinity) return '-.inf';
  if (Number.isNaN(value)) return '.nan';
  const text = String(value);
  const [mantissa = '', exponent] = text.split('e');
  const point = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  if (exponent === undefined) return point;
  const sign = exponent.startsWith('-') ? '-' : '+';
  const digits = exponent.replace(/^[-+]/, '').padStart(2, '0');
  return `${point}e${sign}${digits}`;
}
