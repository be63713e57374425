import { type ErrorDetails, errorDetails, UserError } from '../../base/errors.ts';
import type { ConfigField, ConfigView } from '../../worker/protocol.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

/** A text that another one took the place of, kept so that it can be brought back. */
export interface ReplacedConfig {
  readonly text: string;
  readonly name: string;
}

export interface ConfigSlice {
  /** The config as last checked by the engine; null before a preset or a file was loaded. */
  readonly config: ConfigView | null;
  /** Name of the preset or file the text came from. */
  readonly configName: string;
  /** The text as the user sees it; ahead of `config.text` until it has been checked. */
  readonly configText: string;
  /** The text as it was loaded. */
  readonly configSource: string;
  readonly configPhase: 'none' | 'loading' | 'checking' | 'checked';
  /** The engine refused a command (not: the config has problems; those are in `config`). */
  readonly configError: ErrorDetails | null;
  /** The form's fields as last known: they stay in sight while the text cannot be read. */
  readonly configFields: readonly ConfigField[];
  /** Values set in the form that the engine has not written into the text yet, by key. */
  readonly configEdits: Readonly<Record<string, unknown>>;
  /** An edited text that loading another config replaced. */
  readonly replacedConfig: ReplacedConfig | null;
  loadPreset(name: string): Promise<void>;
  /** Takes a config text, e.g. from a dropped .yaml file. */
  openConfigText(text: string, name: string): Promise<void>;
  /** The user typed: keeps the text at once and has it checked after a short rest. */
  typeConfig(text: string): void;
  /** Has the present text checked now; resolves when the newest text is checked. */
  checkConfig(): Promise<void>;
  /** Writes one value into the text, through the engine, which keeps comments and order. */
  editConfigField(key: string, value: unknown): Promise<void>;
  /** Back to the text as it was loaded; the edited one can be brought back. */
  revertConfig(): Promise<void>;
  restoreReplacedConfig(): void;
  dismissReplacedConfig(): void;
}

/** How long the typing rests before the text is checked. */
export const CHECK_AFTER_MS = 300;

export const createConfigSlice: SliceCreator<ConfigSlice> = ({ set, get, client }) => {
  // Only the answer to the newest question is shown.
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let fieldEdits: Promise<void> = Promise.resolve();

  const show = (config: ConfigView): void =>
    set((state) => ({
      config,
      configPhase: 'checked',
      configError: null,
      configFields: config.fields.length > 0 ? config.fields : state.configFields,
    }));

  const load = async (name: string, ask: () => Promise<ConfigView>): Promise<void> => {
    clearTimeout(timer);
    asked += 1;
    const mine = asked;
    set({ configPhase: 'loading', configError: null });
    try {
      const config = await ask();
      if (mine !== asked) return;
      const { configText, configSource, configName } = get();
      const edited = configText !== configSource && configText !== config.text;
      set({
        configName: name,
        configText: config.text,
        configSource: config.text,
        configFields: [],
        configEdits: {},
        ...(edited ? { replacedConfig: { text: configText, name: configName } } : {}),
      });
      show(config);
    } catch (error) {
      if (mine !== asked) return;
      const configPhase = get().config === null ? 'none' : 'checked';
      set({ configPhase, configError: errorDetails(error) });
    }
  };

  const check = async (): Promise<void> => {
    clearTimeout(timer);
    if (get().configPhase === 'none') return;
    asked += 1;
    const mine = asked;
    const text = get().configText;
    set({ configPhase: 'checking' });
    try {
      const config = await client.call('checkConfig', { text });
      if (mine === asked) show(config);
    } catch (error) {
      if (mine === asked) set({ configPhase: 'checked', configError: errorDetails(error) });
    }
  };

  const writeField = async (key: string, value: unknown): Promise<void> => {
    try {
      for (let attempt = 0; attempt < 8; attempt += 1) {
        const text = get().configText;
        const config = await client.call('editConfig', { text, key, value });
        // The user typed meanwhile: the edit is made again on the newer text, so that neither is lost.
        if (get().configText !== text) continue;
        clearTimeout(timer);
        asked += 1;
        set({ configText: config.text });
        show(config);
        return;
      }
      throw new UserError({
        code: 'config-edit-busy',
        what: `\`${key}\` was not changed, because the text kept changing.`,
        action: 'Pause typing and set it again.',
        place: { key },
      });
    } catch (error) {
      set({ configError: errorDetails(error) });
    } finally {
      set(({ configEdits }) => ({ configEdits: without(configEdits, key) }));
    }
  };

  return {
    config: null,
    configName: '',
    configText: '',
    configSource: '',
    configPhase: 'none',
    configError: null,
    configFields: [],
    configEdits: {},
    replacedConfig: null,
    loadPreset: (name) => load(name, () => client.call('loadPreset', { name })),
    openConfigText: (text, name) => load(name, () => client.call('checkConfig', { text })),
    typeConfig(text) {
      if (text === get().configText) return;
      // An answer to the text before this one is stale from here on.
      asked += 1;
      set({ configText: text, configPhase: 'checking', replacedConfig: null });
      clearTimeout(timer);
      timer = setTimeout(() => void check(), CHECK_AFTER_MS);
    },
    checkConfig: check,
    editConfigField(key, value) {
      set(({ configEdits }) => ({ configEdits: { ...configEdits, [key]: value } }));
      // One after the other: each starts from the text that the one before left.
      fieldEdits = fieldEdits.then(() => writeField(key, value));
      return fieldEdits;
    },
    revertConfig() {
      const { configSource: text, configName } = get();
      return load(configName, () => client.call('checkConfig', { text }));
    },
    restoreReplacedConfig() {
      const { replacedConfig } = get();
      if (replacedConfig === null) return;
      const { text, name } = replacedConfig;
      set({ configText: text, configName: name, replacedConfig: null });
      void check();
    },
    dismissReplacedConfig: () => set({ replacedConfig: null }),
  };
};

function without(edits: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(edits).filter(([name]) => name !== key));
}

export const selectConfig = (state: AppState): ConfigView | null => state.config;

/** Errors of the checked config; warnings do not count. */
export const selectConfigErrorCount = (state: AppState): number =>
  state.config?.problems.filter(({ severity }) => severity === 'error').length ?? 0;

/** Why a run cannot start now; null when it can. */
export type TrainBlocker = 'no-data' | 'no-config' | 'config-errors' | 'no-device' | 'active';

export const selectTrainBlocker = (state: AppState): TrainBlocker | null => {
  if (state.dataset === null) return 'no-data';
  if (state.config === null) return 'no-config';
  if (selectConfigErrorCount(state) > 0) return 'config-errors';
  if (state.device?.available === false) return 'no-device';
  const active = ['preparing', 'running', 'pausing', 'paused', 'stopping'];
  return active.includes(state.run?.phase ?? 'idle') ? 'active' : null;
};
