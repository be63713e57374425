import type { Rng } from '../../base/rng.ts';
import { clipBoxes, projectBoxes } from '../../boxes/convert.ts';
import type { StepOf } from '../../config/schema/pipeline.ts';
import { warpPerspective } from '../pixels/warp-perspective.ts';
import type { Matrix3 } from '../pixels/warp-perspective.ts';
import { fromBgr, keepInside, uniform } from './pipeline-sample.ts';
import type { Transform } from './pipeline-sample.ts';

const f32 = Math.fround;

/**
 * MMDetection's RandomAffine: rotation, scale, shear and shift around the top left corner, M = T · Shear · R · S in
 * float32, by cv2.warpPerspective. `border` is added at each side of the output (it is negative after Mosaic, to cut the
 * canvas back). A box becomes the box around its four moved corners; boxes outside are left out.
 */
export function randomAffine(step: StepOf<'RandomAffine'>): Transform {
  const [borderX, borderY] = step.border;
  const colour = fromBgr(step.border_val);
  return {
    heavy: true,
    apply: (sample, random) => {
      const width = Math.max(1, sample.image.width + 2 * borderX);
      const height = Math.max(1, sample.image.height + 2 * borderY);
      const matrix = drawMatrix(step, width, height, random);
      const image = warpPerspective(sample.image, matrix, [width, height], colour);
      const moved = projectBoxes(sample.boxes, matrix);
      const boxes = step.bbox_clip_border ? clipBoxes(moved, width, height) : moved;
      return keepInside({ ...sample, image, boxes }, width, height);
    },
  };
}

function drawMatrix(
  step: StepOf<'RandomAffine'>,
  width: number,
  height: number,
  random: Rng,
): Matrix3 {
  const around = (limit: number): number => uniform(random, -limit, limit);
  const rotate = around(step.max_rotate_degree);
  const scale = uniform(random, ...step.scaling_ratio_range);
  const [shearX, shearY] = [around(step.max_shear_degree), around(step.max_shear_degree)];
  const shiftX = around(step.max_translate_ratio) * width;
  const shiftY = around(step.max_translate_ratio) * height;
  return affineMatrix({ rotate, scale, shearX, shearY, shiftX, shiftY });
}

/** T · Shear · R · S in float32. Angles in degrees, shifts in pixels. */
export function affineMatrix(by: {
  readonly rotate: number;
  readonly scale: number;
  readonly shearX: number;
  readonly shearY: number;
  readonly shiftX: number;
  readonly shiftY: number;
}): Matrix3 {
  const [sin, cos] = sinCos(by.rotate);
  const shift = float32(1, 0, by.shiftX, 0, 1, by.shiftY);
  const shear = float32(1, tangent(by.shearX), 0, tangent(by.shearY), 1, 0);
  const turn = float32(cos, -sin, 0, sin, cos, 0);
  const scale = float32(by.scale, 0, 0, 0, by.scale, 0);
  return multiply(multiply(multiply(shift, shear), turn), scale);
}

/** An affine matrix from its two upper rows. */
function float32(a: number, b: number, c: number, d: number, e: number, f: number): Matrix3 {
  return [f32(a), f32(b), f32(c), f32(d), f32(e), f32(f), 0, 0, 1];
}

function multiply(a: Matrix3, b: Matrix3): Matrix3 {
  const cell = (row: 0 | 1 | 2, column: 0 | 1 | 2): number => {
    const at = (m: Matrix3, i: number): number => m[i] ?? 0;
    const first = f32(at(a, 3 * row) * at(b, column));
    const second = f32(first + f32(at(a, 3 * row + 1) * at(b, 3 + column)));
    return f32(second + f32(at(a, 3 * row + 2) * at(b, 6 + column)));
  };
  return [
    cell(0, 0),
    cell(0, 1),
    cell(0, 2),
    cell(1, 0),
    cell(1, 1),
    cell(1, 2),
    cell(2, 0),
    cell(2, 1),
    cell(2, 2),
  ];
}

function tangent(degrees: number): number {
  const [sin, cos] = sinCos(degrees);
  return sin / cos;
}

/** Sine and cosine by their series: `Math.sin` may differ in the last bit between engines. Good to 1e-15 up to 180°. */
function sinCos(degrees: number): readonly [number, number] {
  const angle = (degrees * Math.PI) / 180;
  let [sin, cos] = [0, 0];
  // angle^k / k! with the signs + + − −
  for (let k = 0, term = 1; k < 40; k++, term *= angle / k) {
    const sign = k % 4 < 2 ? 1 : -1;
    if (k % 2 === 0) cos += sign * term;
    else sin += sign * term;
  }
  return [sin, cos];
}
