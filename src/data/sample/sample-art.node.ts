/** The sample's artwork in Node: the file beside this one. */
import { readFile } from 'node:fs/promises';

/** Reads the packed artwork from disk. */
export async function loadSampleArt(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL('./sample-art.bin', import.meta.url)));
}
