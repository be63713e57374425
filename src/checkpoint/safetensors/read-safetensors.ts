import { UserError } from '../../base/errors.ts';
import { arrayOf, BYTES_PER_ELEMENT, elementCount } from '../named-arrays.ts';
import type { DType, NamedArray } from '../named-arrays.ts';
import { firstDuplicateKey } from './json-keys.ts';

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
const MAX_DIMENSIONS = 32;

export const SAFETENSORS_DTYPES: Readonly<Record<string, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};

export interface SafetensorsFile {
  /** In the order of the header. */
  readonly arrays: readonly NamedArray[];
  /** The header's `__metadata__`; empty without. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file: u64 header length, JSON header, data (https://huggingface.co/docs/safetensors). Arrays are copies.
 * Throws a UserError naming `file` for anything the format forbids: a header longer than the file, duplicate keys, wrong
 * sizes, arrays that overlap, leave gaps or reach outside.
 */
export function readSafetensors(bytes: Uint8Array<ArrayBuffer>, file: string): SafetensorsFile {
  const fail = failWith(file);
  if (bytes.length < 8) throw fail(`it has ${bytes.length} bytes; the header alone needs more.`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8))) {
    throw fail(`its header is said to have ${length} bytes, the file has ${bytes.length}.`);
  }
  const start = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, start), fail);
  const data = bytes.subarray(start);
  const entries = header
    .filter(([name]) => name !== '__metadata__')
    .map(([name, value]) => parseEntry(name, value, data.length, fail));
  checkCoverage(entries, data.length, fail);
  const arrays = entries.map(({ name, dtype, shape, begin, end }): NamedArray => {
    return { name, dtype, shape, data: arrayOf(dtype, data.slice(begin, end).buffer) };
  });
  return { arrays, metadata: parseMetadata(header, fail) };
}

type Fail = (why: string) => UserError;

function failWith(file: string): Fail {
  return (why) =>
    new UserError({
      code: 'safetensors-invalid',
      what: 'This is not a valid safetensors file:',
      why,
      action: 'Download or export the file again.',
      place: { file },
    });
}

function parseHeader(bytes: Uint8Array, fail: Fail): [string, unknown][] {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw fail('its header is not JSON.');
  }
  if (!isRecord(header)) throw fail('its header is not a JSON object.');
  const twice = firstDuplicateKey(text);
  if (twice !== undefined) throw fail(`its header has the key ${JSON.stringify(twice)} twice.`);
  return Object.entries(header);
}

function parseEntry(name: string, value: unknown, dataBytes: number, fail: Fail): Entry {
  const quoted = JSON.stringify(name);
  if (!isRecord(value)) throw fail(`${quoted} is no description of an array.`);
  const { dtype: type, shape, data_offsets: offsets } = value;
  const dtype =
    typeof type === 'string' && Object.hasOwn(SAFETENSORS_DTYPES, type)
      ? SAFETENSORS_DTYPES[type]
      : undefined;
  if (dtype === undefined)
    throw fail(`${quoted} has the element type ${JSON.stringify(type)}, which is not read.`);
  if (!isSizes(shape) || shape.length > MAX_DIMENSIONS)
    throw fail(`${quoted} has the shape ${JSON.stringify(shape)}.`);
  if (!isSizes(offsets)) throw fail(`${quoted} has the offsets ${JSON.stringify(offsets)}.`);
  const [begin, end, more] = offsets;
  if (
    begin === undefined ||
    end === undefined ||
    more !== undefined ||
    begin > end ||
    end > dataBytes
  ) {
    throw fail(`${quoted} lies at bytes ${offsets.join(' … ')} of ${dataBytes}.`);
  }
  const bytes = elementCount(shape) * BYTES_PER_ELEMENT[dtype];
  if (bytes !== end - begin) {
    throw fail(
      `${quoted} needs ${bytes} bytes for its shape [${shape.join(', ')}] but has ${end - begin}.`,
    );
  }
  return { name, dtype, shape, begin, end };
}

// The format wants every byte of the data to belong to exactly one array.
function checkCoverage(entries: readonly Entry[], dataBytes: number, fail: Fail): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted(
    (a, b) => a.begin - b.begin || a.end - b.end,
  )) {
    if (begin < covered) throw fail(`${JSON.stringify(name)} overlaps another array.`);
    if (begin > covered)
      throw fail(
        `the bytes ${covered} … ${begin} before ${JSON.stringify(name)} belong to no array.`,
      );
    covered = end;
  }
  if (covered !== dataBytes)
    throw fail(`its last ${dataBytes - covered} bytes belong to no array.`);
}

function parseMetadata(header: readonly [string, unknown][], fail: Fail): Record<string, string> {
  const metadata = header.find(([name]) => name === '__metadata__')?.[1] ?? {};
  if (!isRecord(metadata)) throw fail('its metadata is not an object.');
  const pairs = Object.entries(metadata).map(([key, value]): [string, string] => {
    if (typeof value !== 'string') throw fail(`its metadata ${JSON.stringify(key)} is not text.`);
    return [key, value];
  });
  return Object.fromEntries(pairs);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
