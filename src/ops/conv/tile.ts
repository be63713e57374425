/**
 * The part of a matrix that one thread keeps in registers: `rows` pixels (or input channels) × `columns` groups of
 * output channels. Measured on CPU adapters, a load costs about twenty multiply-adds, so the tile decides the speed and
 * workgroup memory only costs barriers; on a GPU a smaller tile keeps occupancy.
 */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Threads of a workgroup along the columns (consecutive lanes read consecutive columns) and along the rows. */
  readonly threadsX: number;
  readonly threadsY: number;
  /** Channels per load of the reduced dimension, 4 where it divides, else 1. */
  readonly inVector: 1 | 4;
  /** Output channels per column group, 4 where it divides, else 1. */
  readonly outVector: 1 | 4;
}

/** What kind of processor runs the kernels; it decides which tile pays. */
export type AdapterKind = 'swiftshader' | 'lavapipe' | 'gpu';

export function adapterKind(architecture: string, description: string): AdapterKind {
  const text = `${architecture} ${description}`;
  if (/swiftshader/i.test(text)) return 'swiftshader';
  if (/llvmpipe|lavapipe/i.test(text)) return 'lavapipe';
  return 'gpu';
}

const FORWARD_TILE: Record<AdapterKind, readonly [rows: number, columns: number]> = {
  swiftshader: [16, 4],
  lavapipe: [8, 2],
  gpu: [4, 2],
};

const WEIGHT_TILE: Record<AdapterKind, readonly [rows: number, columns: number]> = {
  swiftshader: [16, 2],
  lavapipe: [16, 2],
  gpu: [4, 2],
};

/** Tile of a forward or input-gradient convolution with `pixels` output positions. */
export function forwardTile(
  kind: AdapterKind,
  pixels: number,
  inChannels: number,
  outChannels: number,
): Tile {
  const [rows, columns] = FORWARD_TILE[kind];
  // Half the rows where the map is so small that whole tiles would leave a core idle (8×8 and below).
  const fitted = pixels < rows * 16 ? Math.max(2, rows / 4) : rows;
  return shapeTile(fitted, columns, inChannels, outChannels);
}

/** Tile of a weight gradient: rows are input channels, columns output channels. */
export function weightTile(kind: AdapterKind, inChannels: number, outChannels: number): Tile {
  const [rows, columns] = WEIGHT_TILE[kind];
  const fitted = inChannels % 4 === 0 ? Math.min(rows, inChannels) : Math.min(4, inChannels);
  return shapeTile(fitted, columns, inChannels, outChannels);
}

function shapeTile(rows: number, columns: number, inChannels: number, outChannels: number): Tile {
  const outVector = outChannels % 4 === 0 ? 4 : 1;
  const groups = outChannels / outVector;
  const fitted = Math.min(outVector === 4 ? columns : columns * 2, groups);
  const threadsX = Math.min(16, nextPowerOfTwo(Math.ceil(groups / fitted)));
  return {
    rows,
    columns: fitted,
    threadsX,
    threadsY: Math.max(1, 32 / threadsX),
    inVector: inChannels % 4 === 0 ? 4 : 1,
    outVector,
  };
}

function nextPowerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, value)));
}
