import type { EmaHookOptions, OptimOptions } from '../config/resolved.ts';
import type { EmaOptions } from '../train/ema.ts';
import type { OptimizerOptions } from '../train/optimizers/optimizer.ts';

/** The optimiser's options from the config's. */
export function optimizerOptions(optim: OptimOptions): OptimizerOptions {
  const { type, momentum, nesterov, weightDecay, betas, eps } = optim;
  return {
    algorithm:
      type === 'sgd'
        ? { type: 'SGD', momentum, nesterov, weightDecay }
        : { type: type === 'adam' ? 'Adam' : 'AdamW', betas, eps, weightDecay },
    paramwise: optim.paramwise,
    clipMaxNorm: optim.clipMaxNorm ?? 0,
    clipValue: optim.clipValue ?? 0,
  };
}

/** The running average's options from the config's, for a run with epochs of the given length. */
export function averageOptions(
  hook: EmaHookOptions | null,
  itersPerEpoch: number,
): EmaOptions | undefined {
  if (hook === null) return undefined;
  const { type, momentum, gamma, interval, updateBuffers, beginIter, beginEpoch } = hook;
  return {
    rule:
      type === 'ExpMomentumEMA' || type === 'MomentumAnnealingEMA'
        ? { type, momentum, gamma }
        : type === 'ExponentialMovingAverage'
          ? { type, momentum }
          : { type },
    interval,
    updateBuffers,
    beginIter: beginEpoch > 0 ? (beginEpoch - 1) * itersPerEpoch + 1 : beginIter,
  };
}
