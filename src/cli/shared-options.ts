import type { OptionSpec } from './command.ts';

/** MMDetection's way to change a config without editing it. */
export const CFG_OPTIONS: OptionSpec = {
  type: 'string',
  multiple: true,
  value: 'KEY=VALUE',
  help: 'change a key of the config, e.g. optim_wrapper.optimizer.lr=0.005',
};

/** The dataset to use instead of the config's own. */
export const DATA: OptionSpec = {
  type: 'string',
  value: 'DIR',
  help: 'a VOC or COCO folder or .zip, or the word sample; the config’s own data when absent',
};
