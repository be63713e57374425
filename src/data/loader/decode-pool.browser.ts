import { UserError } from '../../base/errors.ts';
import type { RgbImage } from '../dataset.ts';
import type { DecodeReply, DecodeRequest } from './decode-messages.ts';
import type { ResizedImage, ResizeSpec, ResizingDecoder } from './resizing-decoder.ts';

interface Job {
  readonly name: string;
  readonly resolve: (reply: DecodeReply) => void;
  readonly reject: (error: unknown) => void;
}

/** Two jobs per worker keep it busy while a reply is on its way; more would only hold memory. */
const JOBS_PER_WORKER = 2;

class PoolWorker {
  readonly jobs = new Map<number, Job>();
  readonly #worker: Worker;

  constructor(onIdle: () => void) {
    this.#worker = new Worker(new URL('./decode-worker.ts', import.meta.url), {
      type: 'module',
      name: 'decode',
    });
    this.#worker.addEventListener('message', (event: MessageEvent<DecodeReply>) => {
      const job = this.jobs.get(event.data.id);
      this.jobs.delete(event.data.id);
      job?.resolve(event.data);
      onIdle();
    });
    this.#worker.addEventListener('error', (event) => {
      this.failAll(`The decode worker stopped: ${event.message}.`);
      onIdle();
    });
  }

  post(request: DecodeRequest, job: Job): void {
    this.jobs.set(request.id, job);
    this.#worker.postMessage(request, [request.bytes.buffer]);
  }

  failAll(why: string): void {
    for (const job of this.jobs.values()) {
      job.reject(
        new UserError({
          code: 'decode-worker-failed',
          what: 'The image could not be decoded.',
          why,
          action: 'Reload the page.',
          place: { file: job.name },
        }),
      );
    }
    this.jobs.clear();
  }

  terminate(): void {
    this.#worker.terminate();
    this.failAll('The decoder was closed.');
  }
}

class DecodePool implements ResizingDecoder {
  readonly #workers: PoolWorker[];
  readonly #waiting: { readonly request: DecodeRequest; readonly job: Job }[] = [];
  #nextId = 0;

  constructor(size: number) {
    this.#workers = Array.from({ length: size }, () => new PoolWorker(() => this.#distribute()));
  }

  async decode(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<RgbImage> {
    const reply = await this.#run(bytes, name);
    if ('image' in reply) return reply.image;
    throw replyError(reply);
  }

  async decodeResized(
    bytes: Uint8Array<ArrayBuffer>,
    name: string,
    spec: ResizeSpec,
  ): Promise<ResizedImage> {
    // Only the fields of a spec: callers pass plans, which carry more
    const reply = await this.#run(bytes, name, { scale: spec.scale, keepRatio: spec.keepRatio });
    if ('resized' in reply) return reply.resized;
    throw replyError(reply);
  }

  dispose(): void {
    for (const { job } of this.#waiting.splice(0)) job.reject(new Error('The decoder was closed.'));
    for (const worker of this.#workers) worker.terminate();
  }

  #run(bytes: Uint8Array<ArrayBuffer>, name: string, spec?: ResizeSpec): Promise<DecodeReply> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        request: { id, name, bytes, ...(spec === undefined ? {} : { spec }) },
        job: { name, resolve, reject },
      });
      this.#distribute();
    });
  }

  #distribute(): void {
    const free = this.#workers
      .filter((worker) => worker.jobs.size < JOBS_PER_WORKER)
      .toSorted((a, b) => a.jobs.size - b.jobs.size);
    for (const worker of free) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      worker.post(next.request, next.job);
    }
  }
}

function replyError(reply: DecodeReply): Error {
  return 'error' in reply
    ? new UserError(reply.error)
    : new Error('The decode worker answered another question.');
}

/**
 * Decoding and resizing in `size` workers of their own, so that the engine's thread stays free for the GPU; 1 to 3 by
 * the number of cores when absent. `bytes` are transferred: the caller's array is empty afterwards.
 */
export function createDecodePool(size?: number): ResizingDecoder {
  const cores = navigator.hardwareConcurrency;
  return new DecodePool(size ?? Math.min(3, Math.max(1, cores - 2)));
}
