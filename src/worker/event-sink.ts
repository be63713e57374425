import type { EventName, Events } from './protocol.ts';

/** Where the engine's events go: the port of a worker, the terminal, or a test. */
export type EventSink = <K extends EventName>(event: K, payload: Events[K]) => void;
