/** Entry of a decode worker: bytes in, pixels out, one reply per request. Holds no state. */
import { errorDetails } from '../../base/errors.ts';
import type { DecodeReply, DecodeRequest } from './decode-messages.ts';
import { createBrowserDecoder } from './decoder.browser.ts';
import { resizeBySpec } from './resizing-decoder.ts';

const decoder = createBrowserDecoder();

async function answer({ id, name, bytes, spec }: DecodeRequest): Promise<void> {
  try {
    const image = await decoder.decode(bytes, name);
    const reply: DecodeReply =
      spec === undefined ? { id, image } : { id, resized: resizeBySpec(image, spec) };
    const { data } = 'resized' in reply ? reply.resized : image;
    postMessage(reply, { transfer: [data.buffer] });
  } catch (error) {
    const reply: DecodeReply = { id, error: errorDetails(error) };
    postMessage(reply);
  }
}

addEventListener('message', (event: MessageEvent<DecodeRequest>) => void answer(event.data));
