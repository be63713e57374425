import type { ConfigNode, MapEntry, MapNode, Place } from './config-node.ts';
import { mergeConfigs, withoutDeleteKeys } from './merge.ts';
import { nearestNames } from './nearest-name.ts';
import type { ConfigFiles } from './preset-files.ts';
import { configProblem, quotedList } from './problem.ts';
import type { ConfigProblem } from './problem.ts';
import { fillVariables, maskVariables } from './variables.ts';
import { readYaml } from './yaml-reader.ts';
import type { YamlText } from './yaml-reader.ts';

const BASE_KEY = '_base_';
const MAX_BASES = 64;

export interface SourceText {
  readonly text: string;
  /** Path the text would have: `_base_` is relative to its folder, errors name it. */
  readonly name: string;
}

export interface WithBases {
  /** The merged config without `_base_`; absent when some file could not be read. */
  readonly root?: MapNode;
  /** What the bases alone give (empty map without any). */
  readonly base: MapNode;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads a config text and everything under its `_base_`, and merges them: bases first, in order, then the text. A
 * top-level key that two bases set is an error, as in MMEngine. A base is looked for relative to the file that names it,
 * then as a preset's name (`retinanet/retinanet_r50_fpn_1x_coco`, with or without `.yaml`).
 */
export function readWithBases(files: ConfigFiles, source: SourceText): WithBases {
  return new BaseReader(files).read(source, []);
}

function parse(source: SourceText): YamlText {
  return readYaml(maskVariables(source.text), source.name);
}

// Bases do not change while a user types, and parsing them is most of the work of a check. Trees are never modified.
const parsedBases = new Map<string, { readonly text: string; readonly parsed: YamlText }>();

function parseOnce(source: SourceText): YamlText {
  const known = parsedBases.get(source.name);
  if (known?.text === source.text) return known.parsed;
  if (parsedBases.size >= MAX_BASES) parsedBases.clear();
  const parsed = parse(source);
  parsedBases.set(source.name, { text: source.text, parsed });
  return parsed;
}

class BaseReader {
  private readonly files: ConfigFiles;
  private filesRead = 0;

  constructor(files: ConfigFiles) {
    this.files = files;
  }

  read(source: SourceText, chain: readonly string[]): WithBases {
    const nowhere: Place = { file: source.name, line: 1, column: 1 };
    const empty: MapNode = { kind: 'map', entries: new Map(), place: nowhere };
    const own = chain.length === 0 ? parse(source) : parseOnce(source);
    if (own.root === undefined) return { base: empty, problems: own.problems };
    const problems: ConfigProblem[] = [...own.problems];
    const baseEntry = own.root.entries.get(BASE_KEY);
    const bases = this.readBases(baseEntry, source.name, [...chain, source.name], problems);
    const base = uniteBases(bases, empty, problems);
    const entries = new Map(own.root.entries);
    entries.delete(BASE_KEY);
    const child = fillVariables({ ...own.root, entries }, base, source.name, problems);
    const merged =
      bases.length > 0
        ? mergeConfigs(base, child)
        : { root: withoutDeleteKeys(child), problems: [] };
    problems.push(...merged.problems);
    const failed = problems.some((problem) => problem.severity === 'error');
    return failed ? { base, problems } : { root: merged.root, base, problems };
  }

  private readBases(
    entry: MapEntry | undefined,
    file: string,
    chain: readonly string[],
    problems: ConfigProblem[],
  ): NamedBase[] {
    const bases: NamedBase[] = [];
    for (const node of entry === undefined ? [] : baseNodes(entry.value, problems)) {
      const found = this.locate(node, file, problems);
      if (found === undefined) continue;
      if (chain.includes(found.name)) {
        const what = `\`${BASE_KEY}\` goes round in a circle: ${[...chain, found.name].join(' → ')}.`;
        problems.push(
          configProblem({ code: 'config-base-cycle', what, place: node.place, key: BASE_KEY }),
        );
        continue;
      }
      this.filesRead += 1;
      if (this.filesRead > MAX_BASES) {
        const what = `More than ${MAX_BASES} base files are not read.`;
        problems.push(
          configProblem({ code: 'config-too-large', what, place: node.place, key: BASE_KEY }),
        );
        return bases;
      }
      const base = this.read(found, chain);
      problems.push(...base.problems);
      if (base.root !== undefined)
        bases.push({ name: found.name, place: node.place, root: base.root });
    }
    return bases;
  }

  private locate(node: BaseNode, file: string, problems: ConfigProblem[]): SourceText | undefined {
    const { path, place } = node;
    if (/^[a-z]+:\/\//i.test(path) || path.includes('::')) {
      const what = `The base \`${path}\` is somewhere else; only files and presets can be bases.`;
      problems.push(configProblem({ code: 'config-base-remote', what, place, key: BASE_KEY }));
      return undefined;
    }
    for (const name of [...candidatePaths(file, path), ...sameBasename(this.files, path)]) {
      const text = this.files.read(name);
      if (text === undefined) continue;
      if (path.endsWith('.py')) {
        const what = `\`${path}\` is a Python config; the preset \`${name}\` of the same name is used.`;
        const input = { code: 'config-base-python', what, place, key: BASE_KEY } as const;
        problems.push(configProblem({ ...input, severity: 'warning' }));
      }
      return { name, text };
    }
    problems.push(this.missingBase(path, file, place));
    return undefined;
  }

  private missingBase(path: string, file: string, place: Place): ConfigProblem {
    const wanted = presetStem(path);
    const near = nearestNames(wanted, this.files.list().map(presetStem));
    return configProblem({
      code: 'config-base-missing',
      what: `The base \`${path}\` is not there.`,
      why: `Looked for ${quotedList(candidatePaths(file, path).slice(0, 2))}.`,
      ...(near.length > 0 ? { action: `Did you mean ${quotedList(near)}?` } : {}),
      place,
      key: BASE_KEY,
    });
  }
}

interface NamedBase {
  readonly name: string;
  readonly place: Place;
  readonly root: MapNode;
}

interface BaseNode {
  readonly path: string;
  readonly place: Place;
}

function baseNodes(value: ConfigNode, problems: ConfigProblem[]): BaseNode[] {
  const nodes: BaseNode[] = [];
  for (const item of value.kind === 'list' ? value.items : [value]) {
    if (item.kind === 'scalar' && typeof item.value === 'string') {
      nodes.push({ path: item.value.replaceAll('\\', '/'), place: item.place });
    } else {
      const what = '`_base_` takes a path or a list of paths.';
      problems.push(
        configProblem({ code: 'config-base-type', what, place: item.place, key: BASE_KEY }),
      );
    }
  }
  return nodes;
}

function uniteBases(
  bases: readonly NamedBase[],
  empty: MapNode,
  problems: ConfigProblem[],
): MapNode {
  const entries = new Map<string, MapEntry>();
  const setBy = new Map<string, string>();
  for (const { name, place, root } of bases) {
    const twice = [...root.entries.keys()].filter((key) => setBy.has(key));
    if (twice.length > 0) {
      const others = [...new Set(twice.map((key) => setBy.get(key) ?? ''))];
      problems.push(
        configProblem({
          code: 'config-duplicate-base-key',
          what: `Two bases set ${quotedList(twice)}: ${quotedList([...others, name])}.`,
          why: 'Bases may not overlap, because nothing says which one counts.',
          action: 'Leave one of them out, or make one the base of the other.',
          place,
          key: BASE_KEY,
        }),
      );
    }
    for (const [key, entry] of root.entries) {
      entries.set(key, entry);
      setBy.set(key, name);
    }
  }
  return { ...empty, entries };
}

/** Paths at which a base may be, in order: relative to the naming file, with an ending added, then among the presets. */
function candidatePaths(file: string, path: string): string[] {
  const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
  const relative = isAbsolute(path) ? path : joinPath(folder, path);
  return [...new Set([...withEndings(relative), ...withEndings(presetStem(path))])];
}

/**
 * The text of a config the user names: a file on disk (where there is one), else a preset by its path with or without
 * `configs/` and ending, or by its last part alone.
 */
export function findConfig(files: ConfigFiles, name: string): SourceText | undefined {
  const path = name.replaceAll('\\', '/');
  const onDisk = isAbsolute(path) || path.startsWith('.') ? path : `./${path}`;
  // A Python file that the user names is not replaced by a preset of the same name; a base is, with a warning.
  const named = path.endsWith('.py')
    ? []
    : [onDisk, `${onDisk}.yaml`, ...withEndings(path), ...withEndings(presetStem(path))];
  for (const candidate of [...named, ...sameBasename(files, path)]) {
    const text = files.read(candidate);
    if (text !== undefined) return { name: candidate, text };
  }
  return undefined;
}

/** The one preset outside `_base_` whose file name is `name`, where `name` has no folder; `[]` otherwise. */
function sameBasename(files: ConfigFiles, name: string): string[] {
  if (name.includes('/') || name.endsWith('.py')) return [];
  const stem = presetStem(name);
  const found = files
    .list()
    .filter((path) => !path.startsWith('_base_/') && presetStem(path).split('/').at(-1) === stem);
  return found.length === 1 ? found : [];
}

function withEndings(path: string): string[] {
  if (/\.ya?ml$/.test(path)) return [path];
  const stem = path.replace(/\.py$/, '');
  return [`${stem}.yaml`, `${stem}.yml`];
}

/** `../_base_/models/x.yaml` and `configs/_base_/models/x.yaml` → `_base_/models/x`. */
function presetStem(path: string): string {
  return path
    .replace(/\.(ya?ml|py)$/, '')
    .replace(/^(\.{1,2}\/)+/, '')
    .replace(/^configs\//, '');
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[a-zA-Z]:\//.test(path);
}

function joinPath(folder: string, path: string): string {
  const parts = folder === '' ? [] : folder.split('/');
  for (const part of path.split('/')) {
    const last = parts.at(-1);
    if (part === '..' && last === '.') parts.splice(-1, 1, '..');
    else if (part === '..' && last !== undefined && last !== '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
