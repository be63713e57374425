import { z } from 'zod';
import { hsvToRgb, rgbToHsv } from '../../data/pixels/hsv.ts';
import { rescaleSize } from '../../data/pixels/rescale-size.ts';
import { resizeImage } from '../../data/pixels/resize-image.ts';
import { normaliseTwin } from '../ops/normalise.ts';
import type { ResultKind } from '../judge.ts';
import type { OracleCase } from '../oracle-case.ts';
import { runTwin } from '../oracle-case.ts';
import type { OraclePage } from '../page.ts';
import { close, exact, pageCase } from '../page-case.ts';
import { pair, rows } from '../page-schemas.ts';

const HSV = 'bgr2hsv_float32(0..255 input)';
const BGR = 'hsv2bgr(bgr2hsv)';
const image = z.array(rows);
const resized = z.array(z.object({ size_wh: pair, out: image }));

const pageSchema = z.object({
  rescale_size_wh: z.array(
    z.object({ old_wh: pair, scale: pair, new_wh: pair, scale_factor_wh: pair }),
  ),
  img_formula: z.string(),
  cv2_bilinear_uint8: resized,
  cv2_bilinear_float32: resized,
  imnormalize_2x: image,
  normalize_3x_CHW_rgb: image,
  [HSV]: image,
  [BGR]: image,
});

type Page = z.infer<typeof pageSchema>;

interface Picture {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3] */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** `uint8 (37*i)%256, shape (5,7,3) HWC (BGR)` */
function formulaImage(formula: string): Picture {
  const found = /\((\d+)\*i\)%256, shape \((\d+),(\d+),3\)/.exec(formula);
  if (found === null) throw new Error(`image_ops: the formula ${formula} is not understood`);
  const [factor = 0, height = 0, width = 0] = found.slice(1).map(Number);
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (factor * i) % 256);
  return { width, height, data };
}

/** The channels of interleaved pixels the other way round. */
function swapped(values: ArrayLike<number>): number[] {
  return Array.from(values, (_, i) => values[i - (i % 3) + 2 - (i % 3)] ?? Number.NaN);
}

/** cv2's float pixels: the last digits of float32 at 0 … 360. */
const PIXELS: ResultKind = { absolute: 1e-3, relative: 1e-5 };

function rescaleCase(item: Page['rescale_size_wh'][number]): OracleCase {
  return pageCase({
    op: 'rescale_size',
    name: `${item.old_wh.join('×')} to ${item.scale.join('×')}`,
    onHost: true,
    wanted: { new_wh: exact(item.new_wh), scale_factor_wh: exact(item.scale_factor_wh) },
    run() {
      const { width, height, scaleFactor } = rescaleSize(...item.old_wh, item.scale, true);
      return Promise.resolve({ new_wh: [width, height], scale_factor_wh: scaleFactor });
    },
  });
}

/** Bytes exactly, floats closely. Interpolation does not look at the order of channels. */
function resizeCases(page: Page, source: Picture): readonly OracleCase[] {
  const inputs = [
    { kind: 'uint8', picture: source, sizes: page.cv2_bilinear_uint8 },
    {
      kind: 'float32',
      picture: { ...source, data: Float32Array.from(source.data) },
      sizes: page.cv2_bilinear_float32,
    },
  ];
  return inputs.flatMap(({ kind, picture, sizes }) =>
    sizes.map(({ size_wh: size, out }) =>
      pageCase({
        op: 'cv2_resize',
        name: `${kind} to ${size.join('×')}`,
        onHost: true,
        wanted: { out: kind === 'uint8' ? exact(out.flat(2)) : close(out.flat(2), PIXELS) },
        run: () => Promise.resolve({ out: resizeImage(picture, ...size).data }),
      }),
    ),
  );
}

/** MMDetection's usual numbers for ImageNet weights, RGB. */
const MEAN = [123.675, 116.28, 103.53];
const STD = [58.395, 57.12, 57.375];

function normaliseCase(page: Page, source: Picture): OracleCase {
  const { width, height, data } = source;
  const channelsFirst = [0, 1, 2].flatMap((channel) =>
    page.imnormalize_2x.flatMap((row) => row.map((pixel) => pixel[channel] ?? Number.NaN)),
  );
  return pageCase({
    op: 'normalize',
    name: 'imnormalize_2x and normalize_3x',
    wanted: {
      imnormalize_2x: close(channelsFirst),
      normalize_3x_CHW_rgb: close(page.normalize_3x_CHW_rgb.flat(2)),
    },
    async run(backend) {
      const y = await runTwin(normaliseTwin, backend, {
        width,
        height,
        pixels: Uint8Array.from(swapped(data)),
        mean: MEAN,
        std: STD,
        rgb: true,
      });
      return { imnormalize_2x: y, normalize_3x_CHW_rgb: y };
    },
  });
}

function hsvCase(page: Page, { data }: Picture): OracleCase {
  return pageCase({
    op: 'cv2_hsv',
    name: 'bgr2hsv and back',
    onHost: true,
    wanted: {
      hsv: close(page[HSV].flat(2), PIXELS),
      bgr: close(page[BGR].flat(2), PIXELS),
    },
    run() {
      const hsv = rgbToHsv(Float32Array.from(swapped(data)));
      return Promise.resolve({ hsv, bgr: swapped(hsvToRgb(hsv)) });
    },
  });
}

/** mmcv's sizes and cv2's pixels. */
export const imageOpsPage: OraclePage = {
  page: 'image_ops',
  cases(document) {
    const page = pageSchema.parse(document);
    const source = formulaImage(page.img_formula);
    return [
      ...page.rescale_size_wh.map(rescaleCase),
      ...resizeCases(page, source),
      normaliseCase(page, source),
      hsvCase(page, source),
    ];
  },
};
