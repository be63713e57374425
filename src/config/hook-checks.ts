import type { Report } from './problem.ts';
import type { Config } from './schema/config-schema.ts';

/** What MMEngine's EMAHook asserts, and that there is one of it. */
export function checkHooks(config: Config, report: Report): void {
  let averages = 0;
  (config.custom_hooks ?? []).forEach((hook, i) => {
    if (hook.type !== 'EMAHook') return;
    averages += 1;
    const at = ['custom_hooks', i];
    if (averages > 1) {
      const what = 'There is more than one EMAHook.';
      report('error', at, 'config-ema', what, 'Keep one: only one average can be saved.');
    }
    if (hook.begin_iter > 0 && hook.begin_epoch > 0) {
      const what = 'begin_iter and begin_epoch are both given.';
      report('error', at, 'config-ema', what, 'Give one of them.');
    }
    const hasGamma = hook.ema_type === 'ExpMomentumEMA' || hook.ema_type === 'MomentumAnnealingEMA';
    if (hook.gamma !== undefined && !hasGamma) {
      const what = `${hook.ema_type} has no gamma.`;
      report('error', [...at, 'gamma'], 'config-ema', what, 'Leave it out.');
    }
  });
}
