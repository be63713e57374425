const f32 = Math.fround;

/** Real pixels: float32, or float64 where numpy has promoted to it. */
export type RealPixels = Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

interface Taps {
  readonly first: Int32Array;
  /** Weight of the second position, float32. */
  readonly fraction: Float32Array;
}

/** cv2's half-pixel sampling positions; horizontally the fraction is dropped at both borders. */
function sampleTaps(from: number, to: number, clampFraction: boolean): Taps {
  const taps: Taps = { first: new Int32Array(to), fraction: new Float32Array(to) };
  const step = 1 / (to / from);
  for (let i = 0; i < to; i++) {
    const position = f32((i + 0.5) * step - 0.5);
    const first = Math.floor(position);
    const outside = clampFraction && (first < 0 || first >= from - 1);
    taps.first[i] = outside ? (first < 0 ? 0 : from - 1) : first;
    taps.fraction[i] = outside ? 0 : position - first;
  }
  return taps;
}

/**
 * cv2.resize with INTER_LINEAR on real pixels [height, width, 3]: weights in float32, sums rounded to the pixels' own
 * precision after each operation, 2 × 2 averaging when both sides are halved exactly. The result goes into `out`, of the
 * same kind as `data`; sizes are [width, height].
 */
export function resizeReal<T extends RealPixels>(
  data: T,
  [fromWidth, fromHeight]: readonly [number, number],
  out: T,
  [width, height]: readonly [number, number],
): void {
  const round = data instanceof Float32Array ? f32 : (value: number): number => value;
  if (fromWidth === 2 * width && fromHeight === 2 * height) {
    halve(data, out, [width, height], round);
    return;
  }
  const columns = sampleTaps(fromWidth, width, true);
  const rows = sampleTaps(fromHeight, height, false);
  const clampRow = (row: number): number => Math.min(Math.max(row, 0), fromHeight - 1);
  const row = (index: number, target: Float64Array): void => {
    for (let x = 0; x < width; x++) {
      const first = columns.first[x] ?? 0;
      const left = 3 * (fromWidth * index + first);
      const right = first < fromWidth - 1 ? left + 3 : left;
      const fraction = columns.fraction[x] ?? 0;
      const rest = f32(1 - fraction);
      for (let c = 0; c < 3; c++) {
        const sum = round((data[left + c] ?? 0) * rest) + round((data[right + c] ?? 0) * fraction);
        target[3 * x + c] = round(sum);
      }
    }
  };
  const [upper, lower] = [new Float64Array(3 * width), new Float64Array(3 * width)];
  for (let y = 0; y < height; y++) {
    const first = rows.first[y] ?? 0;
    row(clampRow(first), upper);
    row(clampRow(first + 1), lower);
    const fraction = rows.fraction[y] ?? 0;
    const rest = f32(1 - fraction);
    for (let i = 0; i < 3 * width; i++) {
      out[3 * width * y + i] = round((upper[i] ?? 0) * rest) + round((lower[i] ?? 0) * fraction);
    }
  }
}

function halve(
  data: RealPixels,
  out: RealPixels,
  [width, height]: readonly [number, number],
  round: (value: number) => number,
): void {
  const stride = 6 * width;
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 2 * y * stride + 6 * x;
      for (let i = from; i < from + 3; i++, at++) {
        const top = round((data[i] ?? 0) + (data[i + 3] ?? 0));
        const sum = round(round(top + (data[i + stride] ?? 0)) + (data[i + stride + 3] ?? 0));
        out[at] = sum * 0.25;
      }
    }
  }
}
