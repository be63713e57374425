import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../base/errors.ts';
import { arrayOf, BYTES_PER_ELEMENT, elementCount, toFloat32 } from '../named-arrays.ts';
import type { DType, NamedArray } from '../named-arrays.ts';
import { firstDuplicateKey } from './json-keys.ts';
import { readSafetensors, SAFETENSORS_DTYPES } from './read-safetensors.ts';
import { writeSafetensors } from './write-safetensors.ts';

const DTYPES = Object.values(SAFETENSORS_DTYPES);

const rawArray = fc
  .record({
    dtype: fc.constantFrom<DType>(...DTYPES),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const bytes = elementCount(shape) * BYTES_PER_ELEMENT[dtype];
    return fc.record({
      dtype: fc.constant(dtype),
      shape: fc.constant(shape),
      bytes: fc.uint8Array({ minLength: bytes, maxLength: bytes }),
    });
  });

const namedArrays = fc
  .uniqueArray(fc.tuple(fc.string(), rawArray), { selector: ([name]) => name, maxLength: 6 })
  .map((list) => list.filter(([name]) => name !== '__metadata__'));

const bytesOf = ({ data }: NamedArray) => [
  ...new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
];

/** A file of a header text and data. */
function file(header: string, data: number[] | Uint8Array = []): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const F32 = (begin: number, end: number, shape = '[1]') =>
  `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`;

describe('safetensors', () => {
  it('writes the bytes that the format describes', () => {
    const data = new Float32Array([1, 2]);
    const bytes = writeSafetensors([{ name: 'w', shape: [2], dtype: 'float32', data }], {
      format: 'pt',
    });
    const header =
      '{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const length = Math.ceil(header.length / 8) * 8;
    expect([...bytes.subarray(0, 8)]).toEqual([length, 0, 0, 0, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length))).toBe(header.padEnd(length));
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 128, 63, 0, 0, 0, 64]);
  });

  it('gives back what was written, aligned, whatever the names, types and shapes', () => {
    fc.assert(
      fc.property(
        namedArrays,
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
        (list, metadata) => {
          const arrays = list.map(([name, { dtype, shape, bytes }]): NamedArray => {
            return { name, dtype, shape, data: arrayOf(dtype, new Uint8Array(bytes).buffer) };
          });
          const written = writeSafetensors(arrays, metadata);
          const read = readSafetensors(written, 'x');
          const byName = new Map(read.arrays.map((array) => [array.name, array]));
          expect(byName.size).toBe(arrays.length);
          for (const array of arrays) {
            const again = byName.get(array.name);
            expect(again?.dtype).toBe(array.dtype);
            expect(again?.shape).toEqual(array.shape);
            expect(again && bytesOf(again)).toEqual(bytesOf(array));
          }
          expect(Object.entries(read.metadata)).toEqual(
            expect.arrayContaining(Object.entries(metadata)),
          );
          const header = JSON.parse(
            new TextDecoder().decode(
              written.subarray(8, 8 + Number(new DataView(written.buffer).getBigUint64(0, true))),
            ),
          );
          for (const { name, dtype } of arrays) {
            expect(header[name].data_offsets[0] % BYTES_PER_ELEMENT[dtype]).toBe(0);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('reads a file at any offset of a larger buffer', () => {
    const written = writeSafetensors([
      { name: 'a', shape: [], dtype: 'float64', data: new Float64Array([Math.PI]) },
    ]);
    const larger = new Uint8Array(written.length + 3);
    larger.set(written, 3);
    const [array] = readSafetensors(larger.subarray(3), 'x').arrays;
    expect(array?.data).toEqual(new Float64Array([Math.PI]));
  });

  it.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
    ['no bytes', new Uint8Array(0), /0 bytes/],
    ['fewer bytes than a length', new Uint8Array(7), /7 bytes/],
    ['a header longer than the file', file('{}').subarray(0, 9), /header is said to have 2 bytes/],
    ['a header of 2^63 bytes', new Uint8Array([0, 0, 0, 0, 0, 0, 0, 128]), /9223372036854775808/],
    ['a pickle', new TextEncoder().encode('\x80\x02}q\x00X\x05\x00\x00'), /header is said/],
    ['a header that is no JSON', file('{"a"'), /not JSON/],
    ['a header that is no UTF-8', file('').fill(1, 0, 1), /header is said|not JSON/],
    ['a header that is a list', file('[]'), /not a JSON object/],
    ['a header that is null', file('null'), /not a JSON object/],
    ['the same name twice', file(`{"a":${F32(0, 4)},"a":${F32(0, 4)}}`, [0, 0, 0, 0]), /"a" twice/],
    [
      'the same name twice, once escaped',
      file(`{"a":${F32(0, 4)},"\\u0061":${F32(0, 4)}}`, [0, 0, 0, 0]),
      /"a" twice/,
    ],
    [
      'two dtypes',
      file(`{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}`, [0, 0, 0, 0]),
      /"dtype" twice/,
    ],
    [
      'an unknown type',
      file('{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      /F8_E4M3/,
    ],
    [
      'a type from the prototype',
      file('{"a":{"dtype":"constructor","shape":[1],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      /constructor/,
    ],
    ['a size that does not fit', file(`{"a":${F32(0, 4, '[2]')}}`, [0, 0, 0, 0]), /needs 8 bytes/],
    ['a negative side', file(`{"a":${F32(0, 4, '[-1]')}}`, [0, 0, 0, 0]), /shape \[-1\]/],
    ['a fraction', file(`{"a":${F32(0, 4, '[0.5]')}}`, [0, 0, 0, 0]), /shape \[0\.5\]/],
    [
      'an overflowing shape',
      file(`{"a":${F32(0, 0, '[4294967296,4294967296,4294967296]')}}`),
      /needs/,
    ],
    [
      'too many dimensions',
      file(`{"a":${F32(0, 4, `[${Array(40).fill(1).join(',')}]`)}}`, [0, 0, 0, 0]),
      /shape/,
    ],
    [
      'offsets past the end',
      file(`{"a":${F32(0, 8, '[2]')}}`, [0, 0, 0, 0]),
      /lies at bytes 0 … 8 of 4/,
    ],
    ['offsets in the wrong order', file(`{"a":${F32(4, 0)}}`, [0, 0, 0, 0]), /lies at/],
    [
      'three offsets',
      file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}', [0, 0, 0, 0]),
      /lies at/,
    ],
    ['no offsets', file('{"a":{"dtype":"F32","shape":[1]}}', [0, 0, 0, 0]), /offsets/],
    ['an array of null', file('{"a":null}'), /no description/],
    ['overlapping arrays', file(`{"a":${F32(0, 4)},"b":${F32(0, 4)}}`, [0, 0, 0, 0]), /overlaps/],
    [
      'a gap',
      file(`{"a":${F32(0, 4)},"b":${F32(8, 12)}}`, new Uint8Array(12)),
      /bytes 4 … 8 before "b"/,
    ],
    ['bytes after the last array', file(`{"a":${F32(0, 4)}}`, new Uint8Array(6)), /last 2 bytes/],
    [
      'a cut file',
      file(`{"a":${F32(0, 8, '[2]')}}`, new Uint8Array(5)),
      /lies at bytes 0 … 8 of 5/,
    ],
    ['metadata that is no map', file('{"__metadata__":[]}'), /metadata is not/],
    ['metadata with a number', file('{"__metadata__":{"iter":3}}'), /"iter" is not text/],
  ])('refuses %s', (_, bytes, why) => {
    let thrown: unknown;
    try {
      readSafetensors(bytes, 'model.safetensors');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    if (!(thrown instanceof UserError)) return;
    expect(thrown.details.why).toMatch(why);
    expect(thrown.details.place?.file).toBe('model.safetensors');
  });

  it('answers any bytes with arrays or a UserError', () => {
    const valid = writeSafetensors([
      { name: 'a', shape: [2], dtype: 'float32', data: new Float32Array(2) },
      { name: 'b', shape: [1], dtype: 'int64', data: new BigInt64Array(1) },
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(valid.length),
        (changes, cut) => {
          const bytes = valid.slice(0, cut);
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
          try {
            readSafetensors(bytes, 'x');
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('refuses to write what could not be read', () => {
    const data = new Float32Array(1);
    const array: NamedArray = { name: 'a', shape: [1], dtype: 'float32', data };
    expect(() => writeSafetensors([array, array])).toThrow(RangeError);
    expect(() => writeSafetensors([{ ...array, name: '__metadata__' }])).toThrow(RangeError);
    expect(() => writeSafetensors([{ ...array, shape: [2] }])).toThrow(RangeError);
    expect(() => writeSafetensors([{ ...array, dtype: 'float64' }])).toThrow(RangeError);
  });
});

describe('firstDuplicateKey', () => {
  it('looks into every object and only at keys', () => {
    expect(firstDuplicateKey('{"a":{"b":1},"c":{"b":2},"d":["a","a",{"x":"x"}]}')).toBeUndefined();
    expect(firstDuplicateKey('{"a":{"b":1,"c":"}","b" :2}}')).toBe('b');
    expect(firstDuplicateKey('{"a\\"":1,"a\\"":2}')).toBe('a"');
  });
});

describe('toFloat32', () => {
  it('widens 16-bit floats exactly', () => {
    const half = new Uint16Array([0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0xfc00, 0x8000]);
    const values = [1, -2, 2 ** -24, 1023 * 2 ** -24, 65504, Infinity, -Infinity, -0];
    expect([...toFloat32({ name: '', shape: [8], dtype: 'float16', data: half })]).toEqual(values);
    expect(
      toFloat32({ name: '', shape: [1], dtype: 'float16', data: new Uint16Array([0x7e00]) })[0],
    ).toBeNaN();
    const brain = new Uint16Array([0x3f80, 0xc000, 0x7f80, 0x8000]);
    expect([...toFloat32({ name: '', shape: [4], dtype: 'bfloat16', data: brain })]).toEqual([
      1,
      -2,
      Infinity,
      -0,
    ]);
  });

  it('converts integers and doubles', () => {
    const int64: NamedArray = {
      name: '',
      shape: [2],
      dtype: 'int64',
      data: new BigInt64Array([5n, -7n]),
    };
    expect([...toFloat32(int64)]).toEqual([5, -7]);
    const float64: NamedArray = {
      name: '',
      shape: [1],
      dtype: 'float64',
      data: new Float64Array([0.1]),
    };
    expect(toFloat32(float64)[0]).toBe(Math.fround(0.1));
  });
});
