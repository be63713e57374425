import { UserError } from '../../base/errors.ts';
import type { RgbImage } from '../dataset.ts';
import type { ResizeSpec } from '../pixels/target-size.ts';
import type { PipelineSample } from '../transforms/pipeline-sample.ts';
import type { WorkReply, WorkRequest } from './decode-messages.ts';
import type { ResizedImage, WorkingDecoder } from './resizing-decoder.ts';
import type { TransformJob } from './transform-job.ts';

interface Job {
  readonly name: string;
  readonly resolve: (reply: WorkReply) => void;
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
    this.#worker.addEventListener('message', (event: MessageEvent<WorkReply>) => {
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

  post(request: WorkRequest, job: Job): void {
    this.jobs.set(request.id, job);
    this.#worker.postMessage(request, 'bytes' in request ? [request.bytes.buffer] : []);
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

class DecodePool implements WorkingDecoder {
  readonly #workers: PoolWorker[];
  readonly #waiting: { readonly request: WorkRequest; readonly job: Job }[] = [];
  #nextId = 0;

  constructor(size: number) {
    this.#workers = Array.from({ length: size }, () => new PoolWorker(() => this.#distribute()));
  }

  async decode(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<RgbImage> {
    const reply = await this.#run(name, (id) => ({ id, name, bytes }));
    if ('image' in reply) return reply.image;
    throw replyError(reply);
  }

  async decodeResized(
    bytes: Uint8Array<ArrayBuffer>,
    name: string,
    spec: ResizeSpec,
  ): Promise<ResizedImage> {
    const reply = await this.#run(name, (id) => ({ id, name, bytes, spec }));
    if ('resized' in reply) return reply.resized;
    throw replyError(reply);
  }

  async transform(job: TransformJob): Promise<PipelineSample | undefined> {
    const reply = await this.#run('', (id) => ({ id, name: '', job }));
    if ('sample' in reply) return reply.sample ?? undefined;
    throw replyError(reply);
  }

  dispose(): void {
    for (const { job } of this.#waiting.splice(0)) job.reject(new Error('The decoder was closed.'));
    for (const worker of this.#workers) worker.terminate();
  }

  #run(name: string, request: (id: number) => WorkRequest): Promise<WorkReply> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request: request(id), job: { name, resolve, reject } });
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

function replyError(reply: WorkReply): Error {
  return 'error' in reply
    ? new UserError(reply.error)
    : new Error('The decode worker answered another question.');
}

/**
 * Decoding, resizing and the steps of pipelines in `size` workers of their own, so that the engine's thread stays free for the GPU; 1 to 3 by
 * the number of cores when absent. `bytes` are transferred: the caller's array is empty afterwards.
 */
export function createDecodePool(size?: number): WorkingDecoder {
  const cores = navigator.hardwareConcurrency;
  return new DecodePool(size ?? Math.min(3, Math.max(1, cores - 2)));
}
