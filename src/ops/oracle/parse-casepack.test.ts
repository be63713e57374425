import { describe, expect, it } from 'vitest';
import { hwioToOihw, nchwToNhwc, nhwcToNchw, oihwToHwio, transposed } from './nchw.ts';
import { parseCasepack } from './parse-casepack.ts';

/** A pack of one case, with eight bytes of padding and two floats behind it. */
const BYTES = new Uint8Array(new Float32Array([0, 0, 1.5, -2]).buffer).buffer;

function only(fields: Readonly<Record<string, unknown>>) {
  const [item] = parseCasepack({ cases: [{ op: 'o', name: 'n', ...fields }] }, BYTES, 'pack');
  if (item === undefined) throw new Error('one case');
  return item;
}

describe('parseCasepack', () => {
  it('reads arrays at their offset and inline, NaN and infinities included', () => {
    const item = only({
      far: { $t: 'f32', shape: [2, 1], off: 8 },
      near: { $t: 'f32', shape: [3], data: ['NaN', 'Infinity', 2] },
      whole: { $t: 'i32', shape: [1], data: [-7] },
      none: null,
    });
    expect(item.array('far')).toEqual({ shape: [2, 1], data: new Float32Array([1.5, -2]) });
    expect([...item.array('near').data]).toEqual([NaN, Infinity, 2]);
    expect(item.array('whole').data).toBeInstanceOf(Int32Array);
    expect([item.has('none'), item.has('far'), item.has('absent')]).toEqual([false, true, false]);
  });

  it('gives every number under a key, however deep', () => {
    const one = { $t: 'f32', shape: [1], data: [3] };
    expect(
      only({
        v: [
          [1, 2],
          [one, one],
        ],
      }).values('v'),
    ).toEqual([1, 2, 3, 3]);
    expect(only({ v: 5 }).values('v')).toEqual([5]);
  });

  it('says where something is not what is asked for', () => {
    const item = only({ text: 'x', short: { $t: 'f32', shape: [3], data: [1] } });
    expect(() => item.number('text')).toThrow('casepack pack n.text is no number');
    expect(() => item.array('text')).toThrow('casepack pack n.text is no array');
    expect(() => item.array('short')).toThrow('1 elements for shape [3]');
    const beyond = only({ x: { $t: 'f32', shape: [9], off: 8 } });
    expect(() => beyond.array('x')).toThrow('beyond the end');
  });

  it.each([[null], [{}], [{ cases: [{ name: 'without op' }] }]])('refuses %j', (document) => {
    expect(() => parseCasepack(document, BYTES, 'pack')).toThrow(/^casepack pack:/);
  });

  it('names a case without a name by its op', () => {
    expect(parseCasepack({ cases: [{ op: 'o' }] }, BYTES, 'pack')[0]?.name).toBe('o');
  });
});

describe('layouts', () => {
  // Element i is i, so that a result shows where each one came from.
  const array = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((p, s) => p * s, 1) }, (_, i) => i),
  });

  it('puts channels last, and back', () => {
    expect(nchwToNhwc(array(1, 2, 1, 3))).toEqual({
      shape: [1, 1, 3, 2],
      data: new Float32Array([0, 3, 1, 4, 2, 5]),
    });
    expect(nhwcToNchw(nchwToNhwc(array(2, 3, 4, 5)))).toEqual(array(2, 3, 4, 5));
  });

  it('puts output channels last, and back', () => {
    expect(oihwToHwio(array(2, 1, 1, 2))).toEqual({
      shape: [1, 2, 1, 2],
      data: new Float32Array([0, 2, 1, 3]),
    });
    expect(hwioToOihw(oihwToHwio(array(5, 4, 3, 2)))).toEqual(array(5, 4, 3, 2));
  });

  it('turns a matrix on its side', () => {
    expect(transposed(array(2, 3))).toEqual({
      shape: [3, 2],
      data: new Float32Array([0, 3, 1, 4, 2, 5]),
    });
  });
});
