/** The sample's artwork in a page or worker: a file of the app's own origin. */
import { UserError } from '../../base/errors.ts';

/** Fetches the packed artwork. Rejects with a UserError when it cannot be had. */
export async function loadSampleArt(): Promise<Uint8Array<ArrayBuffer>> {
  const url = new URL('./sample-art.bin', import.meta.url);
  const fail = (why: string, cause?: unknown): UserError =>
    new UserError(
      {
        code: 'sample-art-unavailable',
        what: 'The sample’s artwork could not be loaded.',
        why,
        action: 'Reload the page; if you are offline, connect once so that it can be kept.',
        place: { file: url.pathname },
      },
      { cause },
    );
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw fail('The request failed.', error);
  }
  if (!response.ok) throw fail(`The server answered ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
