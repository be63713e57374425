/** Entry of a decode worker: bytes in, pixels out, or a sample in and out; one reply per request. Holds no state. */
import { errorDetails } from '../../base/errors.ts';
import type { DecodeRequest, WorkReply, WorkRequest } from './decode-messages.ts';
import { createBrowserDecoder } from './decoder.browser.ts';
import { resizeBySpec } from './resizing-decoder.ts';
import { runTransformJob } from './transform-job.ts';

const decoder = createBrowserDecoder();

async function decode({ id, name, bytes, spec }: DecodeRequest): Promise<WorkReply> {
  const image = await decoder.decode(bytes, name);
  return spec === undefined ? { id, image } : { id, resized: resizeBySpec(image, spec) };
}

function pixelsOf(reply: WorkReply): Transferable[] {
  if ('image' in reply) return [reply.image.data.buffer];
  if ('resized' in reply) return [reply.resized.data.buffer];
  return 'sample' in reply && reply.sample !== null ? [reply.sample.image.data.buffer] : [];
}

async function answer(request: WorkRequest): Promise<void> {
  const { id } = request;
  try {
    const reply: WorkReply =
      'job' in request
        ? { id, sample: runTransformJob(request.job) ?? null }
        : await decode(request);
    postMessage(reply, { transfer: pixelsOf(reply) });
  } catch (error) {
    const reply: WorkReply = { id, error: errorDetails(error) };
    postMessage(reply);
  }
}

addEventListener('message', (event: MessageEvent<WorkRequest>) => void answer(event.data));
