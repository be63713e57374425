import { z } from 'zod';

/** An array of a casepack case, row by row; maps are NCHW, convolution weights OIHW. */
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
  text(key: string): string;
  flag(key: string): boolean;
  fields(key: string): PackedFields;
  list(key: string): readonly PackedFields[];
  isList(key: string): boolean;
  /** Every number under the key, in order: of an array, a number, or lists of them. */
  values(key: string): readonly number[];
  /** What the file itself holds under the key, for a schema; arrays are still packed. */
  raw(key: string): unknown;
  /** Whether the key is there and not null. */
  has(key: string): boolean;
  /** Names of the fields, in the file's order. */
  keys(): readonly string[];
  /** The object itself as an array, where it is one. */
  self(): PackedArray;
}

/** One case. */
export interface PackedCase extends PackedFields {
  readonly op: string;
  readonly name: string;
}

const documentSchema = z.object({
  cases: z.array(z.object({ op: z.string(), name: z.string().optional() }).loose()),
});

const packedArray = z.object({
  $t: z.enum(['f32', 'i32', 'u8']),
  shape: z.array(z.number().int().min(0)),
  off: z.number().int().min(0).optional(),
  // "NaN", "Infinity" and "-Infinity" are strings.
  data: z.array(z.union([z.number(), z.string()])).optional(),
});

const KINDS = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };

type Json = Readonly<Record<string, unknown>>;

/**
 * The cases of a casepack: NAME.json as parsed JSON, and the bytes of NAME.bin, in which arrays lie little-endian at
 * their offsets (up to 16 elements stand in the JSON). A case without a name has its op's.
 *
 * @param name of the pack, for messages
 * @throws Error where the document is no casepack; the readers of a case throw where a field is not what is asked for
 */
export function parseCasepack(
  document: unknown,
  bytes: ArrayBuffer,
  name: string,
): readonly PackedCase[] {
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    throw new Error(`casepack ${name}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data.cases.map((item): PackedCase => {
    const own = item.name ?? item.op;
    return { ...fieldsOf(item, bytes, `${name} ${own}`), op: item.op, name: own };
  });
}

function fieldsOf(item: Json, bytes: ArrayBuffer, where: string): PackedFields {
  const at = (key: string) => `${where}.${key}`;
  const as = <T>(key: string, schema: z.ZodType<T>, what: string): T => {
    const parsed = schema.safeParse(item[key]);
    if (!parsed.success) throw new Error(`casepack ${at(key)} is no ${what}`);
    return parsed.data;
  };
  const list = (key: string) => as(key, z.array(z.unknown()), 'list');
  const object = (value: unknown, key: string) => {
    if (!isRecord(value)) throw new Error(`casepack ${at(key)} is no object`);
    return fieldsOf(value, bytes, at(key));
  };
  return {
    array: (key) => decodeArray(item[key], bytes, at(key)),
    arrays: (key) => list(key).map((value) => decodeArray(value, bytes, at(key))),
    number: (key) => as(key, z.number(), 'number'),
    numbers: (key) => as(key, z.array(z.number()), 'list of numbers'),
    text: (key) => as(key, z.string(), 'text'),
    flag: (key) => as(key, z.boolean(), 'boolean'),
    fields: (key) => object(item[key], key),
    list: (key) => list(key).map((value) => object(value, key)),
    isList: (key) => Array.isArray(item[key]),
    values: (key) => flatten(item[key], bytes, at(key)),
    raw: (key) => item[key],
    has: (key) => item[key] !== undefined && item[key] !== null,
    keys: () => Object.keys(item),
    self: () => decodeArray(item, bytes, where),
  };
}

function flatten(value: unknown, bytes: ArrayBuffer, where: string): readonly number[] {
  if (typeof value === 'number') return [value];
  if (Array.isArray(value)) return value.flatMap((part) => flatten(part, bytes, where));
  return Array.from(decodeArray(value, bytes, where).data);
}

function decodeArray(value: unknown, bytes: ArrayBuffer, where: string): PackedArray {
  const parsed = packedArray.safeParse(value);
  if (!parsed.success) throw new Error(`casepack ${where} is no array`);
  const { $t, shape, off, data } = parsed.data;
  const length = shape.reduce((product, side) => product * side, 1);
  const Kind = KINDS[$t];
  if (data !== undefined) {
    if (data.length !== length) {
      throw new Error(`casepack ${where}: ${data.length} elements for shape [${shape.join(', ')}]`);
    }
    return { shape, data: Kind.from(data.map(Number)) };
  }
  if (off === undefined) throw new Error(`casepack ${where} has neither data nor an offset`);
  if (off + length * Kind.BYTES_PER_ELEMENT > bytes.byteLength) {
    throw new Error(`casepack ${where} lies beyond the end of its .bin`);
  }
  return { shape, data: new Kind(bytes, off, length) };
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
