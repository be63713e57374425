import type { ImageInfo } from '../../../worker/protocol.ts';

export interface GridLayout {
  readonly columns: number;
  readonly cellWidth: number;
  readonly pictureHeight: number;
  /** Picture and caption. */
  readonly cellHeight: number;
  readonly gap: number;
}

const PADDING = 12;
const CAPTION = 22;

/**
 * Equal cells over the whole width, as near to the wanted width as whole columns allow. Their shape is that of the middle
 * picture, so that a set of squares has square cells and a set of street scenes wide ones.
 */
export function gridLayout(options: {
  readonly width: number;
  readonly wanted: number;
  readonly images: readonly ImageInfo[];
}): GridLayout {
  const gap = options.wanted < 140 ? 6 : 10;
  const room = Math.max(1, options.width - 2 * PADDING);
  const columns = Math.max(1, Math.round((room + gap) / (options.wanted + gap)));
  const cellWidth = Math.floor((room - gap * (columns - 1)) / columns);
  const pictureHeight = Math.round(cellWidth / middleAspect(options.images));
  return { columns, cellWidth, pictureHeight, cellHeight: pictureHeight + CAPTION, gap };
}

function middleAspect(images: readonly ImageInfo[]): number {
  const aspects = images
    .slice(0, 200)
    .filter(({ width, height }) => width > 0 && height > 0)
    .map(({ width, height }) => width / height)
    .sort((a, b) => a - b);
  const middle = aspects[Math.floor(aspects.length / 2)] ?? 4 / 3;
  return Math.min(1.8, Math.max(0.75, middle));
}
