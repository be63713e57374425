import { createStore, type StoreApi } from 'zustand/vanilla';
import type { EngineClient } from '../../worker/protocol.ts';
import { type ConfigSlice, createConfigSlice } from './config-slice.ts';
import { createDatasetSlice, type DatasetSlice } from './dataset-slice.ts';
import { createEngineSlice, type EngineSlice } from './engine-slice.ts';
import { createPredictSlice, type PredictSlice } from './predict-slice.ts';
import { createRunSlice, type RunSlice } from './run-slice.ts';
import { createSettingsSlice, type SettingsSlice } from './settings-slice.ts';
import { createViewSlice, type ViewSlice } from './view-slice.ts';

export type AppState = EngineSlice &
  DatasetSlice &
  ConfigSlice &
  RunSlice &
  PredictSlice &
  SettingsSlice &
  ViewSlice;

export type AppStore = StoreApi<AppState>;

/** The one store of the app, over the engine it is given (the Worker's client, or a fake in tests). */
export function createAppStore(client: EngineClient): AppStore {
  return createStore<AppState>()((set, get) => {
    const context = { set, get, client };
    return {
      ...createEngineSlice(context),
      ...createDatasetSlice(context),
      ...createConfigSlice(context),
      ...createRunSlice(context),
      ...createPredictSlice(context),
      ...createSettingsSlice(context),
      ...createViewSlice(context),
    };
  });
}
