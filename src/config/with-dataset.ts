import { fromPlain, nodeAt, toPlain, withNodeAt } from './config-node.ts';
import type { ConfigPath, MapNode, Place } from './config-node.ts';
import { leafPathsOf } from './dataset-paths.ts';
import { checkTree } from './load-config.ts';
import type { ConfigResult } from './load-config.ts';
import { nearestNames } from './nearest-name.ts';
import { configProblem, quotedList } from './problem.ts';
import type { ConfigProblem } from './problem.ts';
import { modelType, numClassesPath } from './num-classes-path.ts';

export interface DatasetOfRun {
  /** All classes of the data set in label order. */
  readonly classes: readonly string[];
}

const PLACE: Place = { file: 'data', line: 0, column: 0 };
const OPTION_FILE = '--cfg-options';
const LOADERS = ['train_dataloader', 'val_dataloader', 'test_dataloader'];

/**
 * The config with an opened data set in place of its own: `metainfo.classes` (at the top and in every data set section, so
 * that the config also runs in MMDetection) and `num_classes` follow the data. `--cfg-options metainfo.classes=[…]` picks
 * some of the data set's classes, in that order; a name the data set lacks is an error. A class list of the config's files
 * is replaced, which is a warning when it differs. The result is checked again; origins of the filled-in keys are `data`.
 */
export function withDataset(result: ConfigResult, dataset: DatasetOfRun): ConfigResult {
  const { root, base } = result;
  if (root === undefined || base === undefined) return result;
  // A class list of the wrong type is an error already, and filling another one in would hide it.
  if (!hasUsableClasses(root)) return result;
  const problems: ConfigProblem[] = [];
  const classes = chooseClasses(root, dataset, problems);
  let tree = root;
  const fill = (path: ConfigPath, value: unknown): void => {
    const place = path[0] === 'metainfo' ? (nodeAt(root, path)?.place ?? PLACE) : PLACE;
    const changed = withNodeAt(
      tree,
      path,
      fromPlain(value, place.file === OPTION_FILE ? place : PLACE),
    );
    if (changed?.kind === 'map') tree = changed;
  };
  fill(['metainfo', 'classes'], classes);
  for (const path of leafPathsOf(root, LOADERS)) {
    const metainfo = nodeAt(root, [...path, 'metainfo']);
    if (metainfo === undefined || metainfo.kind === 'map')
      fill([...path, 'metainfo', 'classes'], classes);
    else fill([...path, 'metainfo'], { classes });
  }
  const countPath = numClassesPath(modelType(root));
  if (nodeAt(root, countPath.slice(0, -1))?.kind === 'map') fill(countPath, classes.length);
  const kept = result.problems.filter((problem) => !fromChecks(problem));
  return checkTree(result.source, tree, base, [...kept, ...problems]);
}

/** Class indices of the data set that the config uses, in label order of the config. */
export function chosenClassIndices(
  config: { readonly metainfo?: { readonly classes?: readonly string[] | undefined } | undefined },
  dataset: DatasetOfRun,
): number[] {
  const names = config.metainfo?.classes ?? dataset.classes;
  return names.map((name) => dataset.classes.indexOf(name)).filter((index) => index >= 0);
}

function hasUsableClasses(root: MapNode): boolean {
  const node = nodeAt(root, ['metainfo', 'classes']);
  const listed = node === undefined ? [] : toPlain(node);
  return Array.isArray(listed) && listed.every((name) => typeof name === 'string');
}

function chooseClasses(
  root: MapNode,
  dataset: DatasetOfRun,
  problems: ConfigProblem[],
): readonly string[] {
  const node = nodeAt(root, ['metainfo', 'classes']);
  const listed = node === undefined ? undefined : toPlain(node);
  if (node === undefined || !Array.isArray(listed)) return dataset.classes;
  const names = listed.map(String);
  const unknown = names.filter((name) => !dataset.classes.includes(name));
  const key = 'metainfo.classes';
  if (node.place.file === OPTION_FILE) {
    if (unknown.length === 0 && names.length > 0) return names;
    const near = unknown.flatMap((name) => nearestNames(name, dataset.classes).slice(0, 1));
    problems.push(
      configProblem({
        code: 'config-class-not-in-data',
        what: `The data set has no class ${quotedList(unknown)}.`,
        action: `${near.length > 0 ? `Did you mean ${quotedList(near)}? ` : ''}It has: ${dataset.classes.slice(0, 40).join(', ')}.`,
        place: node.place,
        key,
      }),
    );
    return dataset.classes;
  }
  if (JSON.stringify(names) !== JSON.stringify(dataset.classes)) {
    problems.push(
      configProblem({
        severity: 'warning',
        code: 'config-classes-replaced',
        what: `The class list of the config (${names.slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''}) is replaced by that of the data set (${dataset.classes.slice(0, 5).join(', ')}${dataset.classes.length > 5 ? ' …' : ''}).`,
        place: node.place,
        key,
      }),
    );
  }
  return dataset.classes;
}

// The tree is checked again, so what the first check found would be said twice; only reading and merging keep theirs.
const READING =
  /^config-(syntax|duplicate|float|base|dict|option|unknown-variable|too-large|not-found|not-a-map)/;
function fromChecks(problem: ConfigProblem): boolean {
  return !READING.test(problem.code);
}
