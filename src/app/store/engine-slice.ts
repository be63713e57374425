import { type ErrorDetails, errorDetails } from '../../base/errors.ts';
import type { DeviceReport, PresetInfo } from '../../worker/protocol.ts';
import type { SliceCreator } from './slice.ts';
import type { AppState } from './store.ts';

export interface EngineSlice {
  /** What the engine found out about the GPU; null until it has answered. */
  readonly device: DeviceReport | null;
  readonly presets: readonly PresetInfo[];
  /** The engine could not start, or the GPU was lost. */
  readonly engineError: ErrorDetails | null;
  /** Greets the engine: device, self-test, presets. Called once at the start and by *Try again*. */
  connectEngine(): Promise<void>;
}

export const createEngineSlice: SliceCreator<EngineSlice> = ({ set, client }) => {
  client.on('device', ({ error }) => set({ engineError: error }));
  return {
    device: null,
    presets: [],
    engineError: null,
    async connectEngine() {
      set({ engineError: null });
      try {
        const { device, presets } = await client.call('hello', { userAgent: navigator.userAgent });
        set({ device, presets });
      } catch (error) {
        set({ engineError: errorDetails(error) });
      }
    },
  };
};

export const selectDevice = (state: AppState): DeviceReport | null => state.device;
export const selectEngineError = (state: AppState): ErrorDetails | null => state.engineError;
