import { findConfig, readWithBases } from './bases.ts';
import type { SourceText } from './bases.ts';
import { applyCfgOptions } from './cfg-options.ts';
import { checkConfig } from './checks.ts';
import { nodeOrigins, toPlain } from './config-node.ts';
import type { MapNode, Plain } from './config-node.ts';
import { nearestNames } from './nearest-name.ts';
import type { ConfigFiles } from './preset-files.ts';
import { presetNames } from './preset-files.ts';
import { printYaml } from './print-yaml.ts';
import { configProblem, quotedList } from './problem.ts';
import type { ConfigProblem } from './problem.ts';
import { checkNegIouThr, withTuples } from './python-kinds.ts';
import { schemaProblems } from './schema-problems.ts';
import { configSchema } from './schema/config-schema.ts';
import type { Config } from './schema/config-schema.ts';

export type { SourceText } from './bases.ts';

export interface ConfigResult {
  /** True when there is a config and no problem of severity `error`. */
  readonly ok: boolean;
  /** Checked, defaults filled in. Absent when not ok. */
  readonly config?: Config;
  /** The text as it was given. */
  readonly source: SourceText;
  /** Merged tree with places; absent when the text or a base could not be read. */
  readonly root?: MapNode;
  /** The bases of the text, merged (an empty map without any). */
  readonly base?: MapNode;
  /** Merged values as they were written, without defaults; `{}` when there is no tree. */
  readonly mergedPlain: Plain;
  /** The same as YAML; empty when there is no tree. */
  readonly mergedYaml: string;
  /** Dotted key → the file that set it, `--cfg-options` or `data`. */
  readonly origins: Readonly<Record<string, string>>;
  /** Errors and warnings, in the order of the text where they have lines. */
  readonly problems: readonly ConfigProblem[];
}

/**
 * Reads a preset (by name, `retinanet/retinanet_r18_fpn_sample`, or path) or a text, merges its bases, lays `--cfg-options`
 * (`key=value`) over it and checks the whole. Never throws for bad input: everything wrong is in `problems`.
 */
export function loadConfig(
  files: ConfigFiles,
  source: string | SourceText,
  overrides: readonly string[] = [],
): ConfigResult {
  if (typeof source === 'string') {
    const text = findConfig(files, source);
    return text === undefined ? notFound(files, source) : loadConfig(files, text, overrides);
  }
  const read = readWithBases(files, source);
  if (read.root === undefined) return withoutTree(source, read.problems);
  const applied = applyCfgOptions(read.root, overrides);
  return checkTree(source, applied.root, read.base, [...read.problems, ...applied.problems]);
}

/** Checks a merged tree against the schema and the rules across keys. `problems` are those met while reading. */
export function checkTree(
  source: SourceText,
  root: MapNode,
  base: MapNode,
  problems: readonly ConfigProblem[],
): ConfigResult {
  const tree = withTuples(root);
  const parsed = configSchema.safeParse(toPlain(tree));
  const found = parsed.success
    ? checkConfig(parsed.data, tree)
    : schemaProblems(parsed.error.issues, tree);
  const all = inTextOrder([...problems, ...found, ...checkNegIouThr(root)]);
  const ok = parsed.success && !all.some((problem) => problem.severity === 'error');
  return {
    ok,
    ...(ok ? { config: parsed.data } : {}),
    source,
    root: tree,
    base,
    mergedPlain: toPlain(tree),
    mergedYaml: printYaml(tree),
    origins: nodeOrigins(tree),
    problems: all,
  };
}

/** Errors before warnings; within a file by line. Files stay in the order in which they were first named. */
function inTextOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const files = [...new Set(problems.map((problem) => problem.place?.file))];
  const rank = (problem: ConfigProblem): [number, number, number, number] => [
    problem.severity === 'error' ? 0 : 1,
    files.indexOf(problem.place?.file),
    problem.place?.line ?? 0,
    problem.place?.column ?? 0,
  ];
  return [...problems].sort((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const differing = left.findIndex((value, i) => value !== right[i]);
    return differing < 0 ? 0 : (left[differing] ?? 0) - (right[differing] ?? 0);
  });
}

function withoutTree(source: SourceText, problems: readonly ConfigProblem[]): ConfigResult {
  return {
    ok: false,
    source,
    mergedPlain: {},
    mergedYaml: '',
    origins: {},
    problems: inTextOrder(problems),
  };
}

function notFound(files: ConfigFiles, name: string): ConfigResult {
  const names = presetNames(files);
  const near = nearestNames(
    name.replace(/^.*\//, ''),
    names.map((preset) => preset.replace(/^.*\//, '')),
  );
  const meant = names.filter((preset) => near.includes(preset.replace(/^.*\//, '')));
  const python = name.endsWith('.py')
    ? 'Python configs are not read; write it as YAML with the same keys. '
    : '';
  const problem = configProblem({
    code: 'config-not-found',
    what: `There is no config \`${name}\`.`,
    action: `${python}${meant.length > 0 ? `Did you mean ${quotedList(meant)}?` : `Presets: ${names.join(', ')}.`}`,
    place: { file: name, line: 0, column: 0 },
    params: { name, nearest: meant[0] ?? '' },
  });
  return withoutTree({ name, text: '' }, [problem]);
}
