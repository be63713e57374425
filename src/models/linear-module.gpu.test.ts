import { expect, test } from 'vitest';
import { describeOnGpu, gpuTest } from '../ops/host/describe-on-backends.ts';
import { expectCloseToScale } from '../ops/host/expect-close-to-scale.ts';
import { readCasepack } from '../ops/oracle/casepack.ts';
import { nchwToNhwc } from '../ops/oracle/nchw.ts';
import { readTensor } from '../tensor/read.ts';
import { tf } from '../tensor/tf.ts';
import { constant } from './initialisers.ts';
import { LinearModule } from './linear-module.ts';
import { readParameters, writeParameter } from './parameter-io.ts';
import { ParameterSet } from './parameter-set.ts';

const pack = await readCasepack('ops/nn');
const cases = (pack ?? []).filter(({ op }) => op === 'flatten_linear');

test.skipIf(pack === undefined)('oracle ops/nn has flatten_linear (skipped where absent)', () => {
  expect(cases.length).toBeGreaterThan(0);
});

describeOnGpu('LinearModule on a flattened map against torch', () => {
  for (const c of cases) {
    gpuTest(c.name, async () => {
      await tf.ready();
      const [rows = 0, channels = 0, height = 0, width = 0] = c.array('x').shape;
      const weight = c.array('w');
      const [outFeatures = 0, inFeatures = 0] = weight.shape;
      const parameters = new ParameterSet(0);
      const layer = new LinearModule(parameters, {
        name: 'fc',
        inFeatures,
        outFeatures,
        bias: false,
        weightInit: constant(0),
        flattenOf: { channels, height, width },
      });
      const values = Float32Array.from(weight.data);
      const [parameter] = parameters.list();
      if (parameter === undefined) throw new Error('no parameter');
      writeParameter(parameter, values);
      const features = nchwToNhwc(c.array('x'));
      const x = tf.tensor2d(features.data, [rows, inFeatures]);
      const y = layer.forward(x);
      expectCloseToScale(await readTensor(y), c.array('y').data, 5e-6, 'y');
      const [read] = await readParameters(parameters);
      expect(read?.data).toEqual(values);
      tf.dispose([x, y]);
      parameters.dispose();
    });
  }
});
