/**
 * The typed transport: the only place that posts. The client half turns calls into messages and replies (by id) into
 * promises; `serve` is the engine's half. Both work over anything with `postMessage`: a Worker, a MessagePort, `self`.
 */
import { type ErrorDetails, errorDetails, UserError } from '../base/errors.ts';
import type {
  CommandName,
  Commands,
  Detections,
  EngineClient,
  EventName,
  Events,
  FromEngine,
  ToEngine,
} from './protocol.ts';

/** What a Worker, a MessagePort and a worker's global scope have in common. */
export interface Port {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

interface Pending {
  readonly resolve: (reply: never) => void;
  readonly reject: (error: UserError) => void;
}

export interface PortClient extends EngineClient {
  /** Calls that have no reply yet. */
  readonly pending: number;
  /** The other side is gone: every pending and later call fails with this, and listeners of `device` hear it. */
  fail(error: ErrorDetails): void;
}

/** The client half over a port. `onDispose` ends the other side (terminate a Worker, close a port). */
export function connectPort(port: Port, onDispose: () => void): PortClient {
  const pending = new Map<number, Pending>();
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  let nextId = 1;
  let gone: ErrorDetails | null = null;

  const emit = (event: EventName, payload: unknown): void => {
    for (const listener of listeners.get(event) ?? []) listener(payload as never);
  };
  const settle = (message: FromEngine & { kind: 'reply' }): void => {
    const call = pending.get(message.id);
    pending.delete(message.id);
    if (message.ok) call?.resolve(message.reply as never);
    else call?.reject(new UserError(message.error));
  };
  const receive = ({ data }: MessageEvent): void => {
    // Both halves come from the same build, so the payload is typed and not parsed: this is the hot path.
    const message = data as FromEngine;
    if (message.kind === 'event') emit(message.event, message.payload);
    else settle(message);
  };
  const fail = (error: ErrorDetails): void => {
    gone = error;
    for (const call of pending.values()) call.reject(new UserError(error));
    pending.clear();
    emit('device', { error });
  };
  port.addEventListener('message', receive);

  return {
    get pending() {
      return pending.size;
    },
    call(command, request) {
      if (gone !== null) return Promise.reject(new UserError(gone));
      const id = nextId;
      nextId += 1;
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        const message: ToEngine = { id, command, request };
        try {
          port.postMessage(message, REQUEST_TRANSFERS[command]?.(request) ?? []);
        } catch (error) {
          // A request that cannot be cloned never reaches the engine.
          pending.delete(id);
          reject(error);
        }
      });
    },
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      set.add(listener);
      listeners.set(event, set);
      return () => {
        set.delete(listener);
      };
    },
    fail,
    dispose() {
      port.removeEventListener('message', receive);
      fail({ code: 'engine-closed', what: 'The engine was closed.' });
      listeners.clear();
      onDispose();
    },
  };
}

/** One function per command; a missing or superfluous one does not compile. */
export type CommandHandlers = {
  readonly [K in CommandName]: (
    request: Commands[K]['request'],
  ) => Commands[K]['reply'] | Promise<Commands[K]['reply']>;
};

/** Turns the untyped request of a command into a typed one, or throws a UserError. */
export type ParseRequest = <K extends CommandName>(
  command: K,
  request: unknown,
) => Commands[K]['request'];

export interface Server {
  emit<K extends EventName>(event: K, payload: Events[K]): void;
  /** Commands that were received and not answered yet. */
  readonly pending: number;
  dispose(): void;
}

/** The engine's half: parses each command with `parse`, runs its handler, answers once with the reply or the error. */
export function serve(port: Port, handlers: CommandHandlers, parse: ParseRequest): Server {
  let pending = 0;
  const answer = (message: FromEngine, transfer: Transferable[]): void => {
    port.postMessage(message, transfer);
  };
  const run = async <K extends CommandName>(
    id: number,
    command: K,
    request: unknown,
  ): Promise<void> => {
    pending += 1;
    try {
      const reply = await handlers[command](parse(command, request));
      answer({ kind: 'reply', id, ok: true, reply }, REPLY_TRANSFERS[command]?.(reply) ?? []);
    } catch (error) {
      answer({ kind: 'reply', id, ok: false, error: errorDetails(error) }, []);
    } finally {
      pending -= 1;
    }
  };
  const receive = ({ data }: MessageEvent): void => {
    const head = messageHead(data);
    // Without an id there is nobody to answer.
    if (head === null) return;
    if (isCommand(handlers, head.command)) {
      void run(head.id, head.command, head.request);
      return;
    }
    const error = {
      code: 'unknown-command',
      what: `The engine knows no command "${String(head.command)}".`,
    };
    answer({ kind: 'reply', id: head.id, ok: false, error }, []);
  };
  port.addEventListener('message', receive);
  return {
    emit(event, payload) {
      answer({ kind: 'event', event, payload }, EVENT_TRANSFERS[event]?.(payload) ?? []);
    },
    get pending() {
      return pending;
    },
    dispose() {
      port.removeEventListener('message', receive);
    },
  };
}

function messageHead(data: unknown): { id: number; command: unknown; request: unknown } | null {
  if (typeof data !== 'object' || data === null || !('id' in data) || typeof data.id !== 'number')
    return null;
  return {
    id: data.id,
    command: 'command' in data ? data.command : undefined,
    request: 'request' in data ? data.request : undefined,
  };
}

function isCommand(handlers: CommandHandlers, name: unknown): name is CommandName {
  return typeof name === 'string' && Object.hasOwn(handlers, name);
}

// What is transferred rather than copied, message by message. Everything else is cloned; a view of a larger buffer must be
// sliced by its sender first, because a clone (or a transfer) takes the whole buffer along.
type RequestTransfers = {
  readonly [K in CommandName]?: (request: Commands[K]['request']) => Transferable[];
};
type ReplyTransfers = {
  readonly [K in CommandName]?: (reply: Commands[K]['reply']) => Transferable[];
};
type EventTransfers = { readonly [K in EventName]?: (payload: Events[K]) => Transferable[] };

const REQUEST_TRANSFERS: RequestTransfers = {
  loadCheckpoint: ({ data }) => [data],
};

const REPLY_TRANSFERS: ReplyTransfers = {
  getPicture: ({ bitmap }) => [bitmap],
  exportDataset: ({ data }) => [data],
  saveCheckpoint: ({ data }) => [data],
  predict: ({ detections }) => detectionBuffers(detections),
};

const EVENT_TRANSFERS: EventTransfers = {
  metrics: ({ iters, values }) => buffersOf(iters, values),
  preview: ({ detections }) => detectionBuffers(detections),
};

function detectionBuffers({ boxes, scores, labels }: Detections): Transferable[] {
  return buffersOf(boxes, scores, labels);
}

/** The distinct buffers of some arrays: the same buffer twice in a transfer list is an error. */
function buffersOf(...arrays: readonly ArrayBufferView[]): Transferable[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { buffer } of arrays) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  return [...buffers];
}
