import type { ElementType } from '../../tensor/kernel.ts';
import type { Tile } from './tile.ts';

/** WGSL type of a load of the reduced dimension and of a column group. */
export function vectorType(lanes: 1 | 4): 'f32' | 'vec4<f32>' {
  return lanes === 4 ? 'vec4<f32>' : 'f32';
}

export function bufferType(lanes: 1 | 4): ElementType {
  return vectorType(lanes);
}

/** Lines for each index below `count`. */
export function repeat(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}

/** `var acc_R_C = 0` for each cell of the tile. */
export function declareAccumulators({ rows, columns, outVector }: Tile): string {
  return repeat(rows, (r) =>
    repeat(columns, (c) => `var acc_${r}_${c} = ${vectorType(outVector)}(0.0);`),
  );
}

/**
 * One step along the reduced dimension: loads `rows` values of A and `inVector × columns` weights, and adds their
 * products. The matrix form is measurably better than four multiply-adds on SwiftShader; sums are as good elsewhere.
 */
export function multiplyAccumulate(
  tile: Tile,
  loadRow: (row: number) => string,
  loadWeight: (channel: number, column: number) => string,
): string {
  const { rows, columns, inVector, outVector } = tile;
  const loads = [
    repeat(rows, (r) => `let a_${r} = ${loadRow(r)};`),
    repeat(columns, (c) => repeat(inVector, (k) => `let w_${k}_${c} = ${loadWeight(k, c)};`)),
  ];
  if (inVector === 4 && outVector === 4) {
    loads.push(
      repeat(columns, (c) => `let m_${c} = mat4x4<f32>(w_0_${c}, w_1_${c}, w_2_${c}, w_3_${c});`),
      repeat(rows, (r) => repeat(columns, (c) => `acc_${r}_${c} += m_${c} * a_${r};`)),
    );
    return loads.join('\n');
  }
  const component = (r: number, k: number): string =>
    inVector === 4 ? `a_${r}.${'xyzw'.charAt(k)}` : `a_${r}`;
  loads.push(
    repeat(rows, (r) =>
      repeat(columns, (c) => {
        const products = Array.from(
          { length: inVector },
          (_, k) => `${component(r, k)} * w_${k}_${c}`,
        );
        return `acc_${r}_${c} += ${products.join(' + ')};`;
      }),
    ),
  );
  return loads.join('\n');
}
