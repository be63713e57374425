import type { OptimOptions } from '../config/resolved.ts';
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
