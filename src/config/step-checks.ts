import type { ConfigPath } from './config-node.ts';
import type { Report } from './problem.ts';
import type { TransformConfig } from './schema/pipeline.ts';

/** Rules between the keys of one step: what its constructor in MMDetection would assert. */
export function checkStep(step: TransformConfig, at: ConfigPath, report: Report): void {
  const wrong = (key: string, what: string, action: string): void =>
    report('error', [...at, key], 'config-transform', what, action);
  switch (step.type) {
    case 'Resize':
      if (step.scale === null && step.scale_factor === null)
        wrong('scale', 'Resize has neither scale nor scale_factor.', 'Give one of the two.');
      return;
    case 'RandomResize': {
      const single = step.scale.every((side) => typeof side === 'number');
      if (single === (step.ratio_range === null)) {
        const what = single
          ? 'RandomResize with one scale needs a ratio_range.'
          : 'RandomResize with two scales draws between them; ratio_range has no effect.';
        wrong('ratio_range', what, single ? 'Write `ratio_range: [0.5, 2.0]`.' : 'Leave it out.');
      }
      ordered(step.ratio_range, 'ratio_range', wrong);
      return;
    }
    case 'RandomFlip':
      checkFlip(step, wrong);
      return;
    case 'Pad':
      checkPad(step, wrong);
      return;
    case 'Normalize':
      report(
        'error',
        [...at, 'type'],
        'config-pipeline-normalize',
        'Normalize in a pipeline is not supported: the data_preprocessor of the model normalises, and images would be normalised twice.',
        'Leave the step out, and give mean and std in model.data_preprocessor.',
      );
      return;
    case 'RandomCrop':
      checkCrop(step, wrong);
      return;
    case 'PhotoMetricDistortion':
      ordered(step.contrast_range, 'contrast_range', wrong);
      ordered(step.saturation_range, 'saturation_range', wrong);
      return;
    case 'Expand':
    case 'MixUp':
      ordered(step.ratio_range, 'ratio_range', wrong);
      return;
    case 'RandomAffine':
      ordered(step.scaling_ratio_range, 'scaling_ratio_range', wrong);
      return;
    case 'Mosaic':
      ordered(step.center_ratio_range, 'center_ratio_range', wrong);
      return;
    default:
  }
}

type Wrong = (key: string, what: string, action: string) => void;

function ordered(range: readonly [number, number] | null, key: string, wrong: Wrong): void {
  if (range === null || range[0] <= range[1]) return;
  wrong(key, `The range ${range[0]} to ${range[1]} is empty.`, 'Put the lower end first.');
}

function checkFlip(step: Extract<TransformConfig, { type: 'RandomFlip' }>, wrong: Wrong): void {
  const { prob, direction } = step;
  if (!Array.isArray(prob)) return;
  if (!Array.isArray(direction) || direction.length !== prob.length) {
    const count = Array.isArray(direction) ? direction.length : 1;
    const what = `RandomFlip has ${prob.length} probabilities for ${count} ${count === 1 ? 'direction' : 'directions'}.`;
    wrong('prob', what, 'List one probability per direction, or give one number.');
  }
  const sum = prob.reduce((total, share) => total + share, 0);
  // Sums such as 0.1 + 0.2 + 0.7 may end a hair above 1
  if (sum > 1 + 1e-9) {
    wrong('prob', `The probabilities of RandomFlip add up to ${sum}.`, 'Together at most 1.');
  }
}

function checkPad(step: Extract<TransformConfig, { type: 'Pad' }>, wrong: Wrong): void {
  const { size, size_divisor: divisor, pad_to_square: square } = step;
  if (square && size !== null) {
    wrong('size', 'Pad with pad_to_square takes no size.', 'Leave one of the two out.');
  } else if (size !== null && divisor !== null) {
    wrong('size', 'Pad takes either size or size_divisor, not both.', 'Leave one of the two out.');
  } else if (!square && size === null && divisor === null) {
    wrong('size', 'Pad has no size.', 'Give size, size_divisor or pad_to_square: true.');
  }
}

function checkCrop(step: Extract<TransformConfig, { type: 'RandomCrop' }>, wrong: Wrong): void {
  const [a, b] = step.crop_size;
  const pixels = step.crop_type === 'absolute' || step.crop_type === 'absolute_range';
  if (pixels && !(Number.isInteger(a) && Number.isInteger(b))) {
    const what = `crop_size [${a}, ${b}] must be whole pixels for crop_type ${step.crop_type}.`;
    wrong('crop_size', what, 'Write whole numbers, or crop_type: relative.');
  }
  if (!pixels && (a > 1 || b > 1)) {
    const what = `crop_size [${a}, ${b}] must be shares of at most 1 for crop_type ${step.crop_type}.`;
    wrong('crop_size', what, 'Write shares, or crop_type: absolute.');
  }
  if (step.crop_type === 'absolute_range') ordered([a, b], 'crop_size', wrong);
}
