import { commands } from 'vitest/browser';

/**
 * Reads oracle data that lies beside the repository, inside the browser tests. Used by `*.gpu.test.ts` only; every
 * reader gives `undefined` where the data is absent, and the test then skips with its path in its name.
 */
const ORACLE = '../shared/oracle';

/** An array of a casepack case. */
export interface PackedArray {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
}

/** Fields of a case, or of an object in one. Each reader throws when its key holds something else. */
export interface PackedFields {
  array(key: string): PackedArray;
  arrays(key: string): readonly PackedArray[];
  number(key: string): number;
  /** A plain list of numbers. */
  numbers(key: string): readonly number[];
  flag(key: string): boolean;
  fields(key: string): PackedFields;
  list(key: string): readonly PackedFields[];
  isList(key: string): boolean;
  /** Whether the key is there and not null. */
  has(key: string): boolean;
}

/** One case. */
export interface PackedCase extends PackedFields {
  readonly op: string;
  readonly name: string;
}

/** The cases of a casepack (NAME.json + NAME.bin), e.g. `ops/losses`; undefined where it is absent. */
export async function readCasepack(name: string): Promise<readonly PackedCase[] | undefined> {
  const document = await readOracleJson(`${name}.json`);
  if (document === undefined) return undefined;
  const bytes = await readBytes(`${ORACLE}/${name}.bin`);
  if (bytes === undefined) throw new Error(`readCasepack: ${name}.json is there, but not its .bin`);
  if (!isRecord(document) || !Array.isArray(document['cases'])) {
    throw new Error(`readCasepack: ${name}.json has no cases`);
  }
  return document['cases'].map((item: unknown): PackedCase => {
    if (!isRecord(item)) throw new Error(`readCasepack: ${name} has a case that is no object`);
    const { op, name: own } = item;
    if (typeof op !== 'string' || typeof own !== 'string') {
      throw new Error(`readCasepack: ${name} has a case without op or name`);
    }
    return { ...fieldsOf(item, bytes, `${name} ${own}`), op, name: own };
  });
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

type Json = Readonly<Record<string, unknown>>;

function fieldsOf(item: Json, bytes: ArrayBuffer, where: string): PackedFields {
  const at = (key: string) => `${where}.${key}`;
  const list = (key: string): readonly unknown[] => {
    const value = item[key];
    if (!Array.isArray(value)) throw new Error(`readCasepack: ${at(key)} is no list`);
    return value;
  };
  const object = (value: unknown, key: string) => {
    if (!isRecord(value)) throw new Error(`readCasepack: ${at(key)} is no object`);
    return fieldsOf(value, bytes, at(key));
  };
  return {
    array: (key) => decodeArray(item[key], bytes, at(key)),
    arrays: (key) => list(key).map((value) => decodeArray(value, bytes, at(key))),
    number: (key) => {
      const value = item[key];
      if (typeof value !== 'number') throw new Error(`readCasepack: ${at(key)} is no number`);
      return value;
    },
    numbers: (key) => list(key).map(Number),
    flag: (key) => {
      const value = item[key];
      if (typeof value !== 'boolean') throw new Error(`readCasepack: ${at(key)} is no boolean`);
      return value;
    },
    fields: (key) => object(item[key], key),
    list: (key) => list(key).map((value) => object(value, key)),
    isList: (key) => Array.isArray(item[key]),
    has: (key) => item[key] !== undefined && item[key] !== null,
  };
}

const KINDS = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };

function decodeArray(value: unknown, bytes: ArrayBuffer, where: string): PackedArray {
  if (!isRecord(value) || !Array.isArray(value['shape'])) {
    throw new Error(`readCasepack: ${where} is no array`);
  }
  const kind = value['$t'];
  if (kind !== 'f32' && kind !== 'i32' && kind !== 'u8') {
    throw new Error(`readCasepack: ${where} has an unknown type`);
  }
  const shape: number[] = value['shape'].map(Number);
  const length = shape.reduce((product, side) => product * side, 1);
  const { off, data } = value;
  if (Array.isArray(data)) return { shape, data: new KINDS[kind](data.map(Number)) };
  return { shape, data: new KINDS[kind](bytes, Number(off), length) };
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
