import { inkOn } from './class-colors.ts';
import type { BoxStyle, DrawnBox } from './drawn-box.ts';
import type { Size, ViewTransform } from './view-transform.ts';

export interface DrawOptions {
  /** Device pixels per CSS pixel. */
  readonly pixelRatio: number;
  readonly view: ViewTransform;
  /** Size of the original image; the bitmap may be smaller. */
  readonly image: Size;
  readonly boxes: readonly DrawnBox[];
  readonly labels: boolean;
  /** This box is drawn stronger and the others fainter. */
  readonly activeId?: number | null;
}

const STROKE = 1.5;
const HALO = 'rgb(0 0 0 / 55%)';
const LABEL_HEIGHT = 16;
const LABEL_FONT =
  '500 11px system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
/** In CSS pixels: dashes survive any zoom because strokes are drawn in screen space. */
const DASHES: Readonly<Record<BoxStyle, readonly number[]>> = {
  truth: [],
  prediction: [6, 4],
  ignored: [0.1, 4],
};

/** Clears the canvas and draws picture and boxes. Strokes are 1.5 CSS pixels over a dark halo at every zoom. */
export function drawPicture(
  context: CanvasRenderingContext2D,
  bitmap: CanvasImageSource | null,
  options: DrawOptions,
): void {
  const { pixelRatio, view, image } = options;
  const { canvas } = context;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  if (bitmap !== null) {
    // From fourfold magnification on the user looks at pixels, not at a picture.
    context.imageSmoothingEnabled = view.scale < 4;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, view.x, view.y, image.width * view.scale, image.height * view.scale);
  }
  const active = options.boxes.find(({ id }) => id === options.activeId);
  for (const drawn of options.boxes) {
    if (drawn !== active) strokeBox(context, drawn, options, active === undefined ? 1 : 0.5);
  }
  if (active !== undefined) strokeBox(context, active, options, 1);
  if (options.labels) drawLabels(context, options, active);
}

function strokeBox(
  context: CanvasRenderingContext2D,
  drawn: DrawnBox,
  options: DrawOptions,
  alpha: number,
): void {
  const [x1, y1, x2, y2] = onScreen(drawn, options);
  if (!(x2 >= x1 && y2 >= y1)) return;
  const stroke = strokeWidth(drawn, options);
  context.globalAlpha = alpha;
  context.setLineDash([]);
  context.lineJoin = 'miter';
  context.lineCap = 'butt';
  context.strokeStyle = HALO;
  context.lineWidth = stroke + 2;
  context.strokeRect(x1, y1, x2 - x1, y2 - y1);
  context.setLineDash([...DASHES[drawn.style]]);
  context.lineCap = drawn.style === 'ignored' ? 'round' : 'butt';
  context.strokeStyle = drawn.color;
  context.lineWidth = stroke;
  context.strokeRect(x1, y1, x2 - x1, y2 - y1);
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** About 1.5 CSS pixels, in whole device pixels; the active box is one device pixel stronger. */
function strokeWidth({ id }: DrawnBox, { activeId, pixelRatio }: DrawOptions): number {
  const device = Math.max(1, Math.round(STROKE * pixelRatio)) + (id === activeId ? 1 : 0);
  return device / pixelRatio;
}

/** A box in CSS pixels, its edges where strokes of this width fall on whole device pixels and are not smeared. */
function onScreen(drawn: DrawnBox, options: DrawOptions): [number, number, number, number] {
  const { view, pixelRatio } = options;
  const isOdd = Math.round(strokeWidth(drawn, options) * pixelRatio) % 2 === 1;
  const shift = isOdd ? 0.5 : 0;
  const snap = (value: number): number =>
    (Math.round(value * pixelRatio - shift) + shift) / pixelRatio;
  const [x1, y1, x2, y2] = drawn.box;
  return [
    snap(x1 * view.scale + view.x),
    snap(y1 * view.scale + view.y),
    snap(x2 * view.scale + view.x),
    snap(y2 * view.scale + view.y),
  ];
}

interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

function drawLabels(
  context: CanvasRenderingContext2D,
  options: DrawOptions,
  active: DrawnBox | undefined,
): void {
  const size = {
    width: context.canvas.width / options.pixelRatio,
    height: context.canvas.height / options.pixelRatio,
  };
  const placed: Rect[] = [];
  context.font = LABEL_FONT;
  context.textBaseline = 'middle';
  // The active box chooses its place first and is never faded.
  const order =
    active === undefined
      ? options.boxes
      : [active, ...options.boxes.filter((one) => one !== active)];
  for (const drawn of order) {
    if (drawn.label === undefined) continue;
    const width = context.measureText(drawn.label).width + 8;
    const places = labelPlaces(onScreen(drawn, options), width, size);
    const free = places.find((place) => placed.every((other) => !overlaps(place, other)));
    const place = free ?? places[0];
    if (place === undefined) continue;
    placed.push(place);
    const dimmed = active !== undefined && drawn !== active;
    context.globalAlpha = drawn !== active && (free === undefined || dimmed) ? 0.45 : 1;
    context.fillStyle = drawn.color;
    context.fillRect(place.x, place.y, width, LABEL_HEIGHT);
    context.fillStyle = inkOn(drawn.color);
    context.fillText(drawn.label, place.x + 4, place.y + LABEL_HEIGHT / 2 + 0.5);
  }
  context.globalAlpha = 1;
}

/** Where a label may go, best first: above the box, below it, and inside only when the box is large. */
function labelPlaces([x1, y1, x2, y2]: readonly number[], width: number, size: Size): Rect[] {
  if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) return [];
  if (!(x2 > 0 && x1 < size.width && y2 > 0 && y1 < size.height)) return [];
  const x = Math.max(0, Math.min(x1 - 0.75, size.width - width));
  const above = { x, y: y1 - LABEL_HEIGHT, width };
  const below = { x, y: y2, width };
  const inside = { x: Math.max(x, x1), y: Math.max(0, y1), width };
  const roomy = x2 - x1 > width * 1.5 && y2 - y1 > LABEL_HEIGHT * 3;
  const places = [above, below].filter(({ y }) => y >= 0 && y + LABEL_HEIGHT <= size.height);
  return roomy || places.length === 0 ? [...places, inside] : places;
}

function overlaps(a: Rect, b: Rect): boolean {
  return (
    a.x < b.x + b.width &&
    b.x < a.x + a.width &&
    a.y < b.y + LABEL_HEIGHT &&
    b.y < a.y + LABEL_HEIGHT
  );
}
