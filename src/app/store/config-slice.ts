import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { ConfigView } from '../../worker/protocol.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

export interface ConfigSlice {
  /** The config as last checked by the engine; null before a preset or a file was loaded. */
  readonly config: ConfigView | null;
  /** Name of the preset or file the text came from. */
  readonly configName: string;
  readonly configError: ErrorDetails | null;
  loadPreset(name: string): Promise<void>;
  /** Takes a config text, e.g. from a dropped .yaml file. */
  openConfigText(text: string, name: string): Promise<void>;
}

export const createConfigSlice: SliceCreator<ConfigSlice> = ({ set, client }) => ({
  config: null,
  configName: '',
  configError: null,
  async loadPreset(name) {
    try {
      set({
        config: await client.call('loadPreset', { name }),
        configName: name,
        configError: null,
      });
    } catch (error) {
      set({ configError: errorDetails(error) });
    }
  },
  async openConfigText(text, name) {
    try {
      set({
        config: await client.call('checkConfig', { text }),
        configName: name,
        configError: null,
      });
    } catch (error) {
      set({ configError: errorDetails(error) });
    }
  },
});

export const selectConfig = (state: AppState): ConfigView | null => state.config;
