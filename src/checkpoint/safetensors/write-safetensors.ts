import { BYTES_PER_ELEMENT, elementCount } from '../named-arrays.ts';
import type { DType, NamedArray } from '../named-arrays.ts';
import { SAFETENSORS_DTYPES } from './read-safetensors.ts';

const NAME_OF_DTYPE = new Map<DType, string>(
  Object.entries(SAFETENSORS_DTYPES).map(([name, dtype]) => [dtype, name]),
);

/**
 * Writes a safetensors file. The header lists the arrays in the given order; the data has wide elements first, so that every
 * array is aligned to its element size (PyTorch's reader needs that). Same input, same bytes. Throws a RangeError for a name
 * given twice, the reserved name `__metadata__`, or data that does not fit its shape.
 */
export function writeSafetensors(
  arrays: readonly NamedArray[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  checkArrays(arrays);
  const offsets = layOut(arrays);
  const described = arrays.map(({ name, dtype, shape, data }) => {
    const begin = offsets.get(name) ?? 0;
    return [
      name,
      { dtype: NAME_OF_DTYPE.get(dtype), shape, data_offsets: [begin, begin + data.byteLength] },
    ];
  });
  const describedMetadata = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  const json = JSON.stringify(Object.fromEntries([...describedMetadata, ...described]));
  const encoded = new TextEncoder().encode(json);
  // Data starts at a multiple of 8; the format pads the header with spaces.
  const headerBytes = Math.ceil(encoded.length / 8) * 8;
  const dataBytes = arrays.reduce((sum, { data }) => sum + data.byteLength, 0);
  const bytes = new Uint8Array(8 + headerBytes + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes);
  bytes.set(encoded, 8);
  for (const { name, data } of arrays) {
    const view = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    bytes.set(view, 8 + headerBytes + (offsets.get(name) ?? 0));
  }
  return bytes;
}

function checkArrays(arrays: readonly NamedArray[]): void {
  const names = new Set<string>();
  for (const { name, dtype, shape, data } of arrays) {
    if (name === '__metadata__' || names.has(name))
      throw new RangeError(`the name ${name} cannot be used (again)`);
    names.add(name);
    if (data.byteLength !== elementCount(shape) * BYTES_PER_ELEMENT[dtype]) {
      throw new RangeError(
        `${name}: ${data.length} elements do not fill [${shape.join(', ')}] of ${dtype}`,
      );
    }
  }
}

function layOut(arrays: readonly NamedArray[]): Map<string, number> {
  const offsets = new Map<string, number>();
  let end = 0;
  const widestFirst = arrays.toSorted(
    (a, b) => BYTES_PER_ELEMENT[b.dtype] - BYTES_PER_ELEMENT[a.dtype],
  );
  for (const { name, data } of widestFirst) {
    offsets.set(name, end);
    end += data.byteLength;
  }
  return offsets;
}
