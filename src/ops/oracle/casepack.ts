import { commands } from 'vitest/browser';
import { parseCasepack } from './parse-casepack.ts';
import type { PackedCase } from './parse-casepack.ts';

/**
 * Reads oracle data that lies beside the repository, inside the browser tests. Used by `*.gpu.test.ts` only; every
 * reader gives `undefined` where the data is absent, and the test then skips with its path in its name.
 */
const ORACLE = '../shared/oracle';

/** The cases of a casepack (NAME.json + NAME.bin), e.g. `ops/losses`; undefined where it is absent. */
export async function readCasepack(name: string): Promise<readonly PackedCase[] | undefined> {
  const document = await readOracleJson(`${name}.json`);
  if (document === undefined) return undefined;
  const bytes = await readBytes(`${ORACLE}/${name}.bin`);
  if (bytes === undefined) throw new Error(`readCasepack: ${name}.json is there, but not its .bin`);
  return parseCasepack(document, bytes, name);
}

/** A JSON file of the oracle folder, e.g. `mmdet/losses.json`; undefined where it is absent. */
export async function readOracleJson(path: string): Promise<unknown> {
  const bytes = await readBytes(`${ORACLE}/${path}`);
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
}

async function readBytes(path: string): Promise<ArrayBuffer | undefined> {
  let base64: string;
  try {
    base64 = await commands.readFile(path, 'base64');
  } catch (error) {
    if (String(error).includes('ENOENT')) return undefined;
    throw error;
  }
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer;
}
