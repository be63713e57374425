import { UserError } from '../base/errors.ts';
import type { Dataset } from './dataset.ts';

/** The images that a run uses, and what to say about the choice. */
export interface ChosenSplit {
  /** Name as in {@link Dataset.splits}. */
  readonly name: string;
  /** Indices of its images that can be read, in list order. */
  readonly indices: Uint32Array;
  /** One English sentence when the choice was not the obvious one or images had to be left out; else `''`. */
  readonly note: string;
}

const TRAIN_NAMES = ['train', 'trainval', 'all'];
const EVAL_NAMES = ['val', 'valid', 'validation', 'test', 'all'];

function usable(dataset: Dataset, name: string): Uint32Array {
  const indices = Object.hasOwn(dataset.splits, name) ? dataset.splits[name] : undefined;
  return (indices ?? new Uint32Array()).filter((index) => dataset.images[index]?.missing === false);
}

function choose(dataset: Dataset, wanted: readonly string[], purpose: string): ChosenSplit {
  const existing = Object.keys(dataset.splits);
  const order = [...wanted, ...existing.filter((name) => !wanted.includes(name))];
  const name = order.find((candidate) => usable(dataset, candidate).length > 0);
  if (name === undefined) {
    throw new UserError({
      code: 'split-empty',
      what: `There is no image to ${purpose === 'training' ? 'train' : 'evaluate'} on.`,
      why: `None of the splits (${existing.join(', ')}) holds an image that can be read.`,
      action: 'See the problems of the data set: images may be missing or unreadable.',
      place: { file: dataset.name },
    });
  }
  const indices = usable(dataset, name);
  const left = (dataset.splits[name]?.length ?? 0) - indices.length;
  const notes = [];
  if (name !== wanted[0])
    notes.push(`There is no usable split ${wanted[0] ?? ''}; ${name} is used for ${purpose}.`);
  if (left > 0) notes.push(`${left} images of the split ${name} cannot be read and are left out.`);
  return { name, indices, note: notes.join(' ') };
}

/** The split to train on: train, else trainval, all, or whatever there is. Throws UserError when no image can be read. */
export function trainSplit(dataset: Dataset): ChosenSplit {
  return choose(dataset, TRAIN_NAMES, 'training');
}

/**
 * The split to evaluate on: `wanted` when given (it must exist; `val` also stands for valid and validation), else val,
 * else test, else all. Throws UserError naming the splits there are when `wanted` is not one of them.
 */
export function evalSplit(dataset: Dataset, wanted?: string): ChosenSplit {
  if (wanted === undefined || wanted === '') return choose(dataset, EVAL_NAMES, 'evaluation');
  const names = wanted === 'val' ? ['val', 'valid', 'validation'] : [wanted];
  const name = names.find((candidate) => Object.hasOwn(dataset.splits, candidate));
  if (name === undefined) {
    const existing = Object.keys(dataset.splits).join(', ');
    throw new UserError({
      code: 'split-unknown',
      what: `There is no split ${JSON.stringify(wanted)}.`,
      why: `The data set has ${existing}.`,
      action: 'Choose one of these.',
      place: { file: dataset.name },
      params: { wanted, existing },
    });
  }
  const indices = usable(dataset, name);
  if (indices.length === 0)
    throw new UserError({
      code: 'split-empty',
      what: `The split ${name} holds no image that can be read.`,
      action: 'Choose another split, or see the problems of the data set.',
      place: { file: dataset.name },
    });
  const left = (dataset.splits[name]?.length ?? 0) - indices.length;
  return {
    name,
    indices,
    note: left > 0 ? `${left} images of the split ${name} cannot be read and are left out.` : '',
  };
}
