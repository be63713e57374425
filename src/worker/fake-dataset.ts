import { rng } from '../base/rng.ts';
import {
  type Dataset,
  FLAG_IGNORE,
  FLAG_UNUSABLE,
  type Problem,
  type RgbImage,
} from '../data/dataset.ts';

/** A dataset made up for interface tests and the gallery: VOC-like, with everything that can be wrong. */
export interface FakeDatasetPlan {
  readonly images: number;
  readonly classes?: readonly string[];
  readonly problems?: readonly Problem[];
  readonly name?: string;
}

const STREET = ['bicycle', 'bus', 'car', 'motorbike', 'person', 'traffic light', 'train', 'truck'];

/** What a careful reader says about a folder that people worked on by hand. */
const FAKE_PROBLEMS: readonly Problem[] = [
  {
    code: 'voc-box-zero-size',
    severity: 'warning',
    file: 'Annotations/street_0003.xml',
    line: 41,
    detail: 'The box of "person" has no width: xmin 212, xmax 212.',
    repair: 'It is shown but not used in training.',
  },
  {
    code: 'voc-box-outside',
    severity: 'warning',
    file: 'Annotations/street_0007.xml',
    line: 18,
    detail: 'The box of "car" reaches beyond the image: xmax 655 of 640.',
    repair: 'It was clipped to the image.',
  },
  {
    code: 'voc-box-outside',
    severity: 'warning',
    file: 'Annotations/street_0011.xml',
    line: 27,
    detail: 'The box of "bus" reaches beyond the image: ymax 491 of 480.',
    repair: 'It was clipped to the image.',
  },
  {
    code: 'image-missing',
    severity: 'error',
    file: 'Annotations/street_0014.xml',
    detail: 'The image street_0014.jpg is not in the folder.',
    repair: 'The annotation is counted; the image is left out of training.',
  },
  {
    code: 'image-without-labels',
    severity: 'info',
    file: 'JPEGImages/street_0020.jpg',
    detail: 'No label file is called street_0020.xml.',
    repair: 'The image was left out; an image without objects needs a label file without <object>.',
  },
];

/** Builds the dataset; the same plan gives the same boxes and pictures. */
export function fakeDataset(plan: FakeDatasetPlan): Dataset {
  const classes = plan.classes ?? STREET;
  const offsets = new Uint32Array(plan.images + 1);
  const boxes: number[] = [];
  const labels: number[] = [];
  const flags: number[] = [];
  const images = Array.from({ length: plan.images }, (_, index) => {
    const random = rng(7, index);
    const name = `street_${String(index + 1).padStart(4, '0')}`;
    for (let i = random.int(1, 6); i > 0; i -= 1) {
      const w = 40 + random.float() * 200;
      const h = 40 + random.float() * 180;
      const x = random.float() * (640 - w);
      const y = random.float() * (480 - h);
      boxes.push(x, y, x + w, y + h);
      labels.push(random.int(0, classes.length));
      flags.push(random.float() < 0.06 ? FLAG_IGNORE : 0);
    }
    if (index === 2) flags[flags.length - 1] = FLAG_UNUSABLE;
    offsets[index + 1] = labels.length;
    return {
      index,
      path: `JPEGImages/${name}.jpg`,
      name,
      id: index + 1,
      width: 640,
      height: 480,
      missing: index === 13,
    };
  });
  const classCounts = classes.map((_, label) => labels.filter((one) => one === label).length);
  const order = Uint32Array.from(images, (image) => image.index);
  const border = Math.max(1, Math.floor(plan.images * 0.8));
  const annotations = {
    offsets,
    boxes: Float32Array.from(boxes),
    labels: Int32Array.from(labels),
    flags: Uint8Array.from(flags),
    areas: new Float32Array(labels.length),
  };
  return {
    format: 'voc',
    name: plan.name ?? 'street',
    classes,
    categoryIds: classes.map((_, label) => label + 1),
    images,
    annotations,
    splits: { train: order.subarray(0, border), val: order.subarray(border) },
    classCounts,
    problems: plan.problems ?? FAKE_PROBLEMS,
    readImage: () => Promise.reject(new Error('the fake dataset has pixels only')),
    renderImage: (index) => Promise.resolve(paint(index, annotations)),
  };
}

/** A quiet gradient with a solid shape in every box: enough to see whether boxes sit where they should. */
function paint(index: number, annotations: Dataset['annotations']): RgbImage {
  const width = 640;
  const height = 480;
  const data = new Uint8Array(width * height * 3);
  const random = rng(11, index);
  const base = [90 + random.int(0, 90), 100 + random.int(0, 80), 110 + random.int(0, 80)];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const shade = 1.15 - 0.5 * (y / height) + 0.04 * Math.sin(x / 23) * Math.sin(y / 17);
      for (let c = 0; c < 3; c += 1)
        data[(y * width + x) * 3 + c] = Math.min(255, (base[c] ?? 0) * shade);
    }
  }
  const start = annotations.offsets[index] ?? 0;
  const end = annotations.offsets[index + 1] ?? 0;
  for (let i = start; i < end; i += 1) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = annotations.boxes.subarray(i * 4, i * 4 + 4);
    const round = (annotations.labels[i] ?? 0) % 2 === 0;
    const colour = [random.int(30, 240), random.int(30, 240), random.int(30, 240)];
    for (let y = Math.ceil(y1); y < y2; y += 1) {
      for (let x = Math.ceil(x1); x < x2; x += 1) {
        const u = ((x - x1) / (x2 - x1)) * 2 - 1;
        const v = ((y - y1) / (y2 - y1)) * 2 - 1;
        if (round ? u * u + v * v > 1 : Math.abs(u) > 0.96 || Math.abs(v) > 0.96) continue;
        const light = 1.1 - 0.25 * (u + v);
        for (let c = 0; c < 3; c += 1)
          data[(y * width + x) * 3 + c] = Math.min(255, (colour[c] ?? 0) * light);
      }
    }
  }
  return { width, height, data };
}
