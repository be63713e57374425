/**
 * How the store is put together. A slice is a file that exports `interface XSlice` (its state and its actions, named by
 * intent: `startRun`, not `setRun`), `createXSlice: SliceCreator<XSlice>`, and its named selectors (`selectX`).
 * State is plain data; tensors, pictures and metric series live outside.
 */
import type { StoreApi } from 'zustand/vanilla';
import type { EngineClient } from '../../worker/protocol.ts';
import type { AppState } from './store.ts';

export interface SliceContext {
  readonly set: StoreApi<AppState>['setState'];
  readonly get: StoreApi<AppState>['getState'];
  /** The engine. A slice calls it from its actions and subscribes to its events when it is created. */
  readonly client: EngineClient;
}

export type SliceCreator<S> = (context: SliceContext) => S;
