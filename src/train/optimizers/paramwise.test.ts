import { describe, expect, test } from 'vitest';
import { NO_PARAMWISE, paramScales } from './paramwise.ts';

const paramwise = {
  normDecayMult: 0,
  biasDecayMult: 0.5,
  biasLrMult: 2,
  customKeys: [
    { key: 'backbone.layer1', lrMult: 0.1, decayMult: 1 },
    { key: 'backbone', lrMult: 0.5, decayMult: 0 },
  ],
};

describe('paramScales', () => {
  test.each([
    ['neck.fpn_convs.0.conv.weight', 'weight', { lrScale: 1, decay: 0.1 }],
    ['neck.fpn_convs.0.conv.bias', 'bias', { lrScale: 2, decay: 0.05 }],
    ['neck.bn.weight', 'norm-weight', { lrScale: 1, decay: 0 }],
    // A norm's bias is exempt from bias_lr_mult.
    ['neck.bn.bias', 'norm-bias', { lrScale: 1, decay: 0 }],
    ['backbone.layer1.0.conv1.weight', 'weight', { lrScale: 0.1, decay: 0.1 }],
    // A custom key excludes the multipliers of norms and biases.
    ['backbone.layer1.0.bn1.weight', 'norm-weight', { lrScale: 0.1, decay: 0.1 }],
    ['backbone.layer2.0.conv1.weight', 'weight', { lrScale: 0.5, decay: 0 }],
  ] as const)('%s', (name, role, want) => {
    expect(paramScales({ name, role }, 0.1, paramwise)).toEqual(want);
  });

  test('without paramwise_cfg everything decays alike, norms and biases too', () => {
    for (const role of ['weight', 'bias', 'norm-weight', 'norm-bias'] as const) {
      expect(paramScales({ name: 'x', role }, 1e-4, NO_PARAMWISE)).toEqual({
        lrScale: 1,
        decay: 1e-4,
      });
    }
  });
});
