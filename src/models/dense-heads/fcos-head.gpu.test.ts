import { expect } from 'vitest';
import { describeOnGpu, gpuTest } from '../../ops/host/describe-on-backends.ts';
import { variedValues } from '../../ops/host/varied-values.ts';
import { readTensor } from '../../tensor/read.ts';
import { tf } from '../../tensor/tf.ts';
import { writeParameter } from '../parameter-io.ts';
import { ParameterSet } from '../parameter-set.ts';
import { FcosHead } from './fcos-head.ts';
import type { FcosHeadOptions } from './fcos-head.ts';

const CHANNELS = 8;
/** Maps of the pyramid: height, width, stride. */
const LEVELS = [
  [2, 3, 8],
  [1, 2, 16],
  [1, 1, 32],
] as const;

const options: FcosHeadOptions = {
  numClasses: 2,
  inChannels: CHANNELS,
  featChannels: CHANNELS,
  stackedConvs: 1,
  strides: LEVELS.map(([, , stride]) => stride),
  normOnBbox: true,
  centernessOnReg: true,
  convBias: true,
  norm: { type: 'GN', requiresGrad: true, numGroups: 2 },
};

/** A head and what it says, on the host, of a fixed pyramid of two images. */
class ReadableHead {
  readonly #parameters = new ParameterSet(3);
  readonly #head: FcosHead;

  constructor(change: Partial<FcosHeadOptions> = {}) {
    this.#head = new FcosHead(this.#parameters, { ...options, ...change });
  }

  set(name: string, value: number): void {
    const parameter = this.#parameters.get(`bbox_head.${name}`);
    if (parameter === undefined) throw new Error(name);
    writeParameter(parameter, new Float32Array(parameter.variable.size).fill(value));
  }

  async read(training: boolean) {
    const levels = tf.tidy(() => {
      const pyramid = LEVELS.map(([height, width], level) =>
        tf.tensor4d(variedValues(2 * height * width * CHANNELS, level), [
          2,
          height,
          width,
          CHANNELS,
        ]),
      );
      return this.#head.forward(pyramid, training).map((level) => ({ ...level }));
    });
    const values = await Promise.all(
      levels.map(async ({ bboxPred, centerness }) => ({
        bboxPred: await readTensor(bboxPred),
        centerness: await readTensor(centerness),
      })),
    );
    tf.dispose(levels.flatMap((level) => Object.values(level)));
    return values;
  }

  dispose(): void {
    this.#parameters.dispose();
  }
}

describeOnGpu('FcosHead', () => {
  gpuTest('with norm_on_bbox distances are in strides while training, else in pixels', async () => {
    await tf.ready();
    const head = new ReadableHead();
    const inStrides = await head.read(true);
    const inPixels = await head.read(false);
    for (const [level, [, , stride]] of LEVELS.entries()) {
      const { bboxPred = new Float32Array() } = inStrides[level] ?? {};
      expect(Math.min(...bboxPred)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...bboxPred)).toBeGreaterThan(0);
      expect(inPixels[level]?.bboxPred).toEqual(bboxPred.map((value) => value * stride));
    }
    head.dispose();
  });

  gpuTest('without it they are in pixels always, through exp', async () => {
    await tf.ready();
    const head = new ReadableHead({ normOnBbox: false });
    const training = await head.read(true);
    expect(training).toEqual(await head.read(false));
    head.set('conv_reg.weight', 0);
    head.set('conv_reg.bias', Math.log(5));
    head.set('scales.2.scale', 2);
    const [first, , third] = await head.read(true);
    for (const value of first?.bboxPred ?? []) expect(value).toBeCloseTo(5, 4);
    for (const value of third?.bboxPred ?? []) expect(value).toBeCloseTo(25, 3);
    head.dispose();
  });

  gpuTest('each level has its scale', async () => {
    await tf.ready();
    const head = new ReadableHead();
    const before = await head.read(true);
    head.set('scales.1.scale', 4);
    const after = await head.read(true);
    for (const level of LEVELS.keys()) {
      const factor = level === 1 ? 4 : 1;
      const scaled = before[level]?.bboxPred.map((value) => value * factor);
      expect(after[level]?.bboxPred).toEqual(scaled);
    }
    head.dispose();
  });

  for (const centernessOnReg of [true, false])
    gpuTest(`centerness comes from the ${centernessOnReg ? 'box' : 'class'} tower`, async () => {
      await tf.ready();
      const head = new ReadableHead({ centernessOnReg });
      const [before] = await head.read(true);
      head.set('reg_convs.0.gn.bias', 3);
      const [after] = await head.read(true);
      expect(after?.bboxPred).not.toEqual(before?.bboxPred);
      if (centernessOnReg) expect(after?.centerness).not.toEqual(before?.centerness);
      else expect(after?.centerness).toEqual(before?.centerness);
      head.dispose();
    });

  gpuTest('refuses more levels than strides', async () => {
    await tf.ready();
    const head = new ReadableHead({ strides: [8, 16] });
    await expect(head.read(true)).rejects.toThrow(/no scale for level 2/);
    head.dispose();
  });
});
