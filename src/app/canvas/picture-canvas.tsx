import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { drawPicture } from './draw-picture.ts';
import type { DrawnBox } from './drawn-box.ts';
import { fitView, type Size } from './view-transform.ts';

export interface PictureCanvasProps {
  /** Null while the pixels are on their way; boxes are drawn all the same. */
  readonly bitmap: ImageBitmap | null;
  /** Size of the original image in pixels. */
  readonly image: Size;
  /** Size on screen in CSS pixels; the image is fitted into it. */
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly DrawnBox[];
  readonly labels?: boolean;
  readonly activeId?: number | null;
  /** What it shows, for screen readers; left out where the words around it say so already. */
  readonly label?: string;
}

/** A still picture with its boxes, fitted into a fixed size. */
export function PictureCanvas(props: PictureCanvasProps): ReactNode {
  const { bitmap, image, width, height, boxes, labels = false, activeId = null, label } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const pixelRatio = globalThis.devicePixelRatio || 1;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined || image.width === 0) return;
    const view = fitView(image, { width, height });
    drawPicture(context, bitmap, { pixelRatio, view, image, boxes, labels, activeId });
  }, [bitmap, image, width, height, boxes, labels, activeId, pixelRatio]);
  return (
    <canvas
      ref={canvas}
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
      width={Math.round(width * pixelRatio)}
      height={Math.round(height * pixelRatio)}
      style={{ display: 'block', width, height }}
    />
  );
}
