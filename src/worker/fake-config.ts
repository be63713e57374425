import { configView, editField, presetInfos } from '../config/config-view.ts';
import { findConfig } from '../config/bases.ts';
import { bundledConfigFiles } from '../config/preset-files.browser.ts';
import { UserError } from '../base/errors.ts';
import type { Dataset } from '../data/dataset.ts';
import type { ConfigView, PresetInfo } from './protocol.ts';

/** Configs need no GPU, so the fake engine merges and checks the real presets with the real code. */

const files = bundledConfigFiles();

export const FAKE_PRESETS: readonly PresetInfo[] = presetInfos(files);

/** The name that the engine gives a text that came from the editor. */
const EDITED_NAME = 'config.yaml';

function open(
  dataset: Dataset | null,
): { classes: readonly string[]; trainImages: number } | undefined {
  if (dataset === null) return undefined;
  return { classes: dataset.classes, trainImages: dataset.splits['train']?.length ?? 0 };
}

/** The view of an edited text. */
export function fakeConfigView(text: string, dataset: Dataset | null): ConfigView {
  return configView(files, { name: EDITED_NAME, text }, open(dataset));
}

/** The view of a preset. */
export function fakePreset(name: string, dataset: Dataset | null): ConfigView {
  const source = findConfig(files, name);
  if (source !== undefined) return configView(files, source, open(dataset));
  throw new UserError({ code: 'config-not-found', what: `There is no config \`${name}\`.` });
}

/** The view of a text after one value was set in it. */
export function fakeConfigEdit(
  request: { readonly text: string; readonly key: string; readonly value: unknown },
  dataset: Dataset | null,
): ConfigView {
  const source = { name: EDITED_NAME, text: request.text };
  return fakeConfigView(editField(files, source, request.key, request.value), dataset);
}
