import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { UserError } from '../base/errors.ts';
import type { RgbImage } from '../data/dataset.ts';
import type { OracleInput } from '../oracle/oracle-input.ts';
import { readUserFile } from './read-file.ts';

/** Files of a model folder; where both are, the folder is a model. */
const MODEL_FILES = ['config.json', 'fixture.json'];

/**
 * Everything to run below the given paths, in the order of their names: a file is a pack or a page; a folder with
 * config.json and fixture.json is a model; other folders are looked through.
 *
 * @throws UserError where a path is not there, is no JSON, or holds nothing to run
 */
export async function findOracleInputs(
  paths: readonly string[],
  cwd: string,
): Promise<readonly OracleInput[]> {
  const found: OracleInput[] = [];
  for (const path of paths) {
    const inputs = await inputsAt(resolve(cwd, path), cwd);
    if (inputs.length === 0) throw nothingToRun(path);
    found.push(...inputs);
  }
  return found;
}

async function inputsAt(path: string, cwd: string): Promise<readonly OracleInput[]> {
  const file = relative(cwd, path);
  if (!(await isFolder(path, file))) return [await jsonInput(path, cwd)];
  const names = (await readdir(path)).toSorted();
  if (MODEL_FILES.every((name) => names.includes(name))) return [await modelInput(path, cwd)];
  const found: OracleInput[] = [];
  for (const name of names) {
    const below = join(path, name);
    const isJson = extname(name) === '.json';
    if (isJson || (await stat(below)).isDirectory()) found.push(...(await inputsAt(below, cwd)));
  }
  return found;
}

async function isFolder(path: string, file: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw new UserError(
      {
        code: 'file-unreadable',
        what: 'The path could not be read.',
        why: cause instanceof Error ? `${cause.message}.` : String(cause),
        action: 'Check it.',
        place: { file },
      },
      { cause },
    );
  }
}

async function jsonInput(path: string, cwd: string): Promise<OracleInput> {
  const file = relative(cwd, path);
  const document = await readJson(path, cwd);
  if (!isCasepack(document)) {
    return { kind: 'page', file, page: basename(path, '.json'), document };
  }
  return { kind: 'pack', file, document, bytes: await binaryBeside(path, cwd) };
}

async function modelInput(path: string, cwd: string): Promise<OracleInput> {
  const fixture = join(path, 'fixture.json');
  return {
    kind: 'model',
    file: relative(cwd, path),
    config: await readJson(join(path, 'config.json'), cwd),
    document: await readJson(fixture, cwd),
    bytes: await binaryBeside(fixture, cwd),
    images: await modelImages(path, cwd),
  };
}

/** image0.png, image1.png … of a model folder; null where it has none. */
async function modelImages(path: string, cwd: string): Promise<readonly RgbImage[] | null> {
  const present = new Set(await readdir(path));
  const names: string[] = [];
  while (present.has(`image${names.length}.png`)) names.push(`image${names.length}.png`);
  if (names.length === 0) return null;
  const { createNodeDecoder } = await import('../data/loader/decoder.node.ts');
  const decoder = createNodeDecoder();
  const images = await Promise.all(
    names.map(async (name) => decoder.decode(await readUserFile(join(path, name), cwd), name)),
  );
  decoder.dispose();
  return images;
}

/** A pack says so; one that does not still has cases with an op each. */
function isCasepack(document: unknown): boolean {
  if (typeof document !== 'object' || document === null) return false;
  if ('format' in document && document.format === 'casepack-1') return true;
  if (!('cases' in document) || !Array.isArray(document.cases)) return false;
  const [first]: unknown[] = document.cases;
  return typeof first === 'object' && first !== null && 'op' in first;
}

/** NAME.bin of NAME.json; a pack whose arrays are all inline may have none. */
async function binaryBeside(path: string, cwd: string): Promise<ArrayBuffer> {
  const binary = join(path, '..', `${basename(path, '.json')}.bin`);
  try {
    await stat(binary);
  } catch {
    return new ArrayBuffer(0);
  }
  return (await readUserFile(binary, cwd)).buffer;
}

async function readJson(path: string, cwd: string): Promise<unknown> {
  const bytes = await readUserFile(path, cwd);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new UserError(
      {
        code: 'json-broken',
        what: 'The file is no JSON.',
        why: cause instanceof Error ? `${cause.message}.` : String(cause),
        action: 'Give a casepack (NAME.json with NAME.bin) or a page of oracle/mmdet.',
        place: { file: relative(cwd, path) },
      },
      { cause },
    );
  }
}

function nothingToRun(path: string): UserError {
  return new UserError({
    code: 'oracle-nothing-to-run',
    what: 'There is nothing to run here.',
    why: 'No casepack, no page and no model was found below it.',
    action: 'Give a .json file, a folder of packs, a model folder, or a tree of them.',
    place: { file: path },
  });
}
