import type { AnchorLevel, HeightWidth } from '../../../ops/anchor-valid-flags/anchor-levels.ts';
import { tf } from '../../../tensor/tf.ts';
import type { Tensor2D } from '../../../tensor/tf.ts';
import { uploadFloats } from '../../../tensor/upload.ts';
import { anchorGrid } from './anchor-generator.ts';
import type { AnchorGeneratorSpec, AnchorGrid } from './anchor-generator.ts';
import { torchvisionAnchorGrid } from './torchvision-anchors.ts';
import type { TorchvisionAnchorSpec } from './torchvision-anchors.ts';

/** MMDetection's anchors, or torchvision's (rounded, stride by the input's size). */
export type AnchorSpec =
  | ({ readonly type: 'AnchorGenerator' } & AnchorGeneratorSpec)
  | ({ readonly type: 'TorchvisionAnchorGenerator' } & TorchvisionAnchorSpec);

/** Anchors of one input size, on the GPU. */
export interface AnchorSet {
  readonly levels: readonly AnchorLevel[];
  /** float32 [N, 4] xyxy in input pixels */
  readonly anchors: Tensor2D;
}

/** Base anchors at each cell, the same on every level. */
export function anchorsPerCell(spec: AnchorSpec): number {
  const scales =
    spec.type === 'AnchorGenerator'
      ? (spec.scales?.length ?? spec.scalesPerOctave ?? 1)
      : (spec.sizes[0]?.length ?? 0);
  return scales * spec.ratios.length;
}

/** Anchors made once per input size and kept on the GPU. */
export class AnchorCache {
  readonly #spec: AnchorSpec;
  readonly #sets = new Map<string, AnchorSet>();

  constructor(spec: AnchorSpec) {
    this.#spec = spec;
  }

  /** Anchors for feature maps of these sizes, of an input of the given size. */
  for(sizes: readonly HeightWidth[], input: HeightWidth): AnchorSet {
    const key = [input, ...sizes].map(({ height, width }) => `${height}x${width}`).join(' ');
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const { anchors, levels } = this.#grid(sizes, input);
    const count = anchors.length / 4;
    const uploaded = tf.tidy(() => tf.keep(uploadFloats(anchors, [count, 4]).as2D(count, 4)));
    const set = { levels, anchors: uploaded };
    this.#sets.set(key, set);
    return set;
  }

  #grid(sizes: readonly HeightWidth[], input: HeightWidth): AnchorGrid {
    return this.#spec.type === 'AnchorGenerator'
      ? anchorGrid(this.#spec, sizes)
      : torchvisionAnchorGrid(this.#spec, sizes, input);
  }

  dispose(): void {
    for (const { anchors } of this.#sets.values()) anchors.dispose();
    this.#sets.clear();
  }
}
