import {
  type ReactNode,
  type Ref,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { useElementSize } from '../ui/use-element-size.ts';
import { drawPicture } from './draw-picture.ts';
import { type DrawnBox, hitBox } from './drawn-box.ts';
import styles from './picture-viewer.module.css';
import { type Gestures, useGestures } from './use-gestures.ts';
import {
  fitView,
  panBy,
  type Size,
  toImage,
  type ViewTransform,
  zoomAt,
} from './view-transform.ts';

/** What keys and buttons do to a viewer. */
export interface ViewerHandle {
  /** Zooms around the middle. */
  zoom(factor: number): void;
  /** Shows the whole image again. */
  fit(): void;
}

export interface PictureViewerProps {
  readonly ref?: Ref<ViewerHandle>;
  readonly bitmap: ImageBitmap | null;
  /** Size of the original image in pixels. */
  readonly image: Size;
  readonly boxes: readonly DrawnBox[];
  readonly activeId: number | null;
  /** The pointer is over a box, or over none. */
  readonly onHover: (id: number | null) => void;
  /** A box, or none, was clicked. */
  readonly onPick: (id: number | null) => void;
  /** What it shows, for screen readers. */
  readonly label: string;
}

const MARGIN = 12;
/** A tiny image is not blown up into mush by fitting. */
const FIT_MAX_SCALE = 4;

/** A picture to look into: wheel or pinch zooms, dragging pans, boxes stay crisp. */
export function PictureViewer(props: PictureViewerProps): ReactNode {
  const { ref, bitmap, image, boxes, activeId, onHover, onPick, label } = props;
  const root = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useElementSize(root);
  // Null = fitted, also after the window changes; a view of one's own is kept until the image changes size.
  const [own, setOwn] = useState<ViewTransform | null>(null);
  const { width, height } = image;
  const fitted = useMemo(
    () => fitView({ width, height }, frame, MARGIN, FIT_MAX_SCALE),
    [width, height, frame],
  );
  const view = own ?? fitted;
  const pixelRatio = globalThis.devicePixelRatio || 1;

  const latest = useRef({ view, fitted, image, frame, boxes, onHover, onPick });
  useLayoutEffect(() => {
    latest.current = { view, fitted, image, frame, boxes, onHover, onPick };
  });
  const gestures = useMemo((): Gestures => {
    const idAt = (at: { readonly x: number; readonly y: number }): number | null => {
      const now = latest.current;
      const point = toImage(now.view, at);
      return hitBox(now.boxes, point.x, point.y, 3 / now.view.scale)?.id ?? null;
    };
    // Several events may come before the next drawing, so each starts from the newest view, not the drawn one.
    const change = (next: (before: ViewTransform) => ViewTransform): void =>
      setOwn((before) => next(before ?? latest.current.fitted));
    return {
      zoom: (factor, at) =>
        change((v) => zoomAt(v, factor, at, latest.current.image, latest.current.frame)),
      pan: (by) => change((v) => panBy(v, by, latest.current.image, latest.current.frame)),
      tap: (at) => latest.current.onPick(idAt(at)),
      hover: (at) => latest.current.onHover(at === null ? null : idAt(at)),
    };
  }, []);
  useGestures(root, gestures);
  useImperativeHandle(
    ref,
    () => ({
      zoom: (factor) => {
        const { frame: size } = latest.current;
        gestures.zoom(factor, { x: size.width / 2, y: size.height / 2 });
      },
      fit: () => setOwn(null),
    }),
    [gestures],
  );
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (context === null || context === undefined || frame.width === 0 || image.width === 0) return;
    drawPicture(context, bitmap, { pixelRatio, view, image, boxes, labels: true, activeId });
  }, [bitmap, image, frame, view, boxes, activeId, pixelRatio]);

  return (
    <div ref={root} className={styles['root']} role="group" aria-label={label} tabIndex={0}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        width={Math.round(frame.width * pixelRatio)}
        height={Math.round(frame.height * pixelRatio)}
        style={{ width: frame.width, height: frame.height }}
      />
      <output className={styles['scale']}>{Math.round(view.scale * 100)} %</output>
    </div>
  );
}
