import type { EventSink } from '../worker/event-sink.ts';
import type { EventName, Events } from '../worker/protocol.ts';

/** What to do at an event; events without a listener pass by. */
export type EventListeners = { readonly [K in EventName]?: (payload: Events[K]) => void };

/** A sink that calls the listener of each event. */
export function sinkOf(listeners: EventListeners): EventSink {
  return <K extends EventName>(event: K, payload: Events[K]): void => {
    const listener: EventListeners[K] = listeners[event];
    listener?.(payload);
  };
}
