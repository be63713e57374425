import { UserError } from '../base/errors.ts';
import { fromPlain, nodeAt, toPlain } from './config-node.ts';
import type { ConfigPath, Plain } from './config-node.ts';
import { editConfigText } from './edit-config-text.ts';
import { fieldKey, fieldSpecs, fieldValue } from './fields.ts';
import type { FieldKind, FieldSpec } from './fields.ts';
import { findConfig } from './bases.ts';
import { loadConfig } from './load-config.ts';
import type { ConfigResult, SourceText } from './load-config.ts';
import { presetDescription, presetNames } from './preset-files.ts';
import type { ConfigFiles } from './preset-files.ts';
import type { ConfigProblem } from './problem.ts';
import { resolveTrainPlan } from './train-plan.ts';
import { withDataset } from './with-dataset.ts';

/** Structurally the worker protocol's `ConfigField`. */
export interface ConfigField {
  readonly key: string;
  readonly labelId: string;
  readonly kind: FieldKind;
  readonly value: unknown;
  readonly choices?: readonly string[];
  readonly unit?: string;
  readonly min?: number;
  readonly max?: number;
  readonly origin: string;
  readonly group: string;
  readonly readOnly?: boolean;
}

/** Structurally the worker protocol's `ConfigView`. */
export interface ConfigView {
  readonly text: string;
  readonly merged: string;
  readonly origins: Readonly<Record<string, string>>;
  readonly fields: readonly ConfigField[];
  readonly problems: readonly ConfigProblem[];
  readonly plannedIterations: number;
}

/** The open data set, as far as the config needs it. */
export interface OpenData {
  readonly classes: readonly string[];
  /** Images of the training split that training will use (after filtering). */
  readonly trainImages: number;
}

/** Everything the interface shows of a config text. With `data`, classes come from it and are read-only. */
export function configView(files: ConfigFiles, source: SourceText, data?: OpenData): ConfigView {
  return viewOf(loadWithData(files, source, data), data);
}

/** A config text loaded and, with `data`, filled in with the data set's classes. */
export function loadWithData(
  files: ConfigFiles,
  source: SourceText,
  data?: OpenData,
): ConfigResult {
  const result = loadConfig(files, source);
  return data === undefined ? result : withDataset(result, data);
}

/** The view of a loaded config. */
export function viewOf(result: ConfigResult, data?: OpenData): ConfigView {
  const { config, root } = result;
  return {
    text: result.source.text,
    merged: result.mergedYaml,
    origins: result.origins,
    fields: root === undefined ? [] : fieldSpecs(root).map((spec) => field(spec, result, data)),
    problems: result.problems,
    plannedIterations:
      config === undefined || data === undefined
        ? plannedWithoutData(result)
        : resolveTrainPlan(config, data.trainImages).iterations,
  };
}

// Without data only an iteration-based run knows its length.
function plannedWithoutData(result: ConfigResult): number {
  const loop = result.config?.train_cfg;
  return loop?.type === 'IterBasedTrainLoop' ? loop.max_iters : 0;
}

function field(spec: FieldSpec, result: ConfigResult, data: OpenData | undefined): ConfigField {
  const key = fieldKey(spec);
  const { choices, unit, min, max, labelId, kind, group } = spec;
  const value = valueAt(result, spec.path);
  const readOnly = key === 'metainfo.classes' && data !== undefined;
  return {
    key,
    labelId,
    kind,
    value: kind === 'choice' && typeof value === 'number' ? String(value) : value,
    ...(choices === undefined ? {} : { choices }),
    ...(unit === undefined ? {} : { unit }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    origin: result.origins[key] ?? 'default',
    group,
    ...(readOnly ? { readOnly } : {}),
  };
}

/** The value in the checked config, defaults included; as it stands in the text while there are errors; else null. */
function valueAt(result: ConfigResult, path: ConfigPath): Plain {
  const written = result.root === undefined ? undefined : nodeAt(result.root, path);
  if (written !== undefined) return toPlain(written);
  let value: unknown = result.config;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return null;
    value = Object.entries(value).find(([key]) => key === String(step))?.[1];
  }
  return value === undefined
    ? null
    : toPlain(fromPlain(value, { file: 'default', line: 0, column: 0 }));
}

/**
 * The text after the form changed a field. `value` is what the form gives; values that no config can hold are refused
 * (`config-edit-value`).
 */
export function editField(
  files: ConfigFiles,
  source: SourceText,
  key: string,
  value: unknown,
): string {
  let plain: Plain;
  try {
    plain = toPlain(fromPlain(fieldValue(key, value), { file: 'edit', line: 0, column: 0 }));
  } catch {
    throw new UserError({
      code: 'config-edit-value',
      what: `\`${key}\` cannot have this value.`,
      place: { key },
    });
  }
  return editConfigText(files, source, key, plain);
}

/** Name and first comment of every preset. */
export function presetInfos(
  files: ConfigFiles,
): { readonly name: string; readonly description: string }[] {
  return presetNames(files).map((name) => ({
    name,
    description: presetDescription(findConfig(files, name)?.text ?? ''),
  }));
}
