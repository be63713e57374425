/**
 * The common form of every checkpoint format: arrays with names. Layout is row-major as in PyTorch (convolution weights
 * OIHW), values little-endian.
 */

/** Element types by NumPy's names. */
export type DType =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool';

/** float16 and bfloat16 are kept as their 16 bits; bool as bytes 0 and 1. */
export type ArrayData =
  | Float64Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

export interface NamedArray {
  /** e.g. `backbone.layer1.0.conv1.weight` */
  readonly name: string;
  /** `[]` for a scalar. */
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** `length` is the product of `shape`. */
  readonly data: ArrayData;
}

/** Name and shape without data, for comparing. */
export type ArraySpec = Pick<NamedArray, 'name' | 'shape'>;

export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint64: 8,
  uint32: 4,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

/** An array over a copy-free view of `buffer`, whose length must be a multiple of the element size. */
export function arrayOf(dtype: DType, buffer: ArrayBuffer): ArrayData {
  switch (dtype) {
    case 'float64':
      return new Float64Array(buffer);
    case 'float32':
      return new Float32Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'uint64':
      return new BigUint64Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'float16':
    case 'bfloat16':
    case 'uint16':
      return new Uint16Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
  }
}

/** Number of elements of a shape; 1 for `[]`. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, side) => count * side, 1);
}

/** The values as float32: float64 is rounded, integers are converted, 16-bit floats are widened exactly. */
export function toFloat32(array: NamedArray): Float32Array<ArrayBuffer> {
  const { data, dtype } = array;
  if (data instanceof Float32Array) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return Float32Array.from(data, Number);
  if (dtype === 'float16') return Float32Array.from(data, float16ToNumber);
  if (dtype === 'bfloat16') return bfloat16ToFloat32(data);
  return Float32Array.from(data);
}

// IEEE 754 binary16: 1 sign, 5 exponent (bias 15), 10 fraction bits.
function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// bfloat16 is the upper half of a float32.
function bfloat16ToFloat32(data: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const bits = Uint32Array.from(data, (half) => half * 0x10000);
  return new Float32Array(bits.buffer);
}
