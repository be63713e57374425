/** Where an image lies in its window: a point p of the image (pixels) is drawn at p · scale + (x, y), in CSS pixels. */
export interface ViewTransform {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Magnification at which single pixels are large squares. */
const MAX_SCALE = 40;

/** The whole image, centred, with `margin` CSS pixels around it. Small images are enlarged at most to `maxScale`. */
export function fitView(image: Size, frame: Size, margin = 0, maxScale = Infinity): ViewTransform {
  const room = {
    width: Math.max(1, frame.width - 2 * margin),
    height: Math.max(1, frame.height - 2 * margin),
  };
  const scale = Math.min(room.width / image.width, room.height / image.height, maxScale);
  return centred(image, frame, scale);
}

/** Zooms by `factor` so that what is under `at` (CSS pixels in the frame) stays there; never further out than half of the fit. */
export function zoomAt(
  view: ViewTransform,
  factor: number,
  at: Point,
  image: Size,
  frame: Size,
): ViewTransform {
  const whole = fitView(image, frame).scale;
  const scale = Math.min(Math.max(MAX_SCALE, whole), Math.max(whole / 2, view.scale * factor));
  const ratio = scale / view.scale;
  return clampView(
    { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio },
    image,
    frame,
  );
}

/** Moves by CSS pixels; the image cannot be lost: a quarter of the frame, or the whole image, stays in sight. */
export function panBy(view: ViewTransform, by: Point, image: Size, frame: Size): ViewTransform {
  return clampView({ ...view, x: view.x + by.x, y: view.y + by.y }, image, frame);
}

/** The point of the image under a point of the frame. */
export function toImage(view: ViewTransform, at: Point): Point {
  return { x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale };
}

function clampView(view: ViewTransform, image: Size, frame: Size): ViewTransform {
  const clampAxis = (offset: number, imageSide: number, frameSide: number): number => {
    const kept = Math.min(imageSide * view.scale, frameSide / 4);
    return Math.min(frameSide - kept, Math.max(kept - imageSide * view.scale, offset));
  };
  return {
    scale: view.scale,
    x: clampAxis(view.x, image.width, frame.width),
    y: clampAxis(view.y, image.height, frame.height),
  };
}

function centred(image: Size, frame: Size, scale: number): ViewTransform {
  return {
    scale,
    x: (frame.width - image.width * scale) / 2,
    y: (frame.height - image.height * scale) / 2,
  };
}
