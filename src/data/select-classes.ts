import { UserError } from '../base/errors.ts';
import { FLAG_UNUSABLE, type Annotations, type Dataset } from './dataset.ts';

/** Levenshtein distance of two short names. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The names most like `name`, at most `limit`, best first; case and white space do not count. */
export function nearestNames(name: string, names: readonly string[], limit = 3): string[] {
  const plain = (text: string): string => text.trim().toLowerCase().slice(0, 64);
  return names
    .map((candidate) => ({ candidate, distance: editDistance(plain(name), plain(candidate)) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

function checkNames(dataset: Dataset, names: readonly string[]): void {
  const key = 'metainfo.classes';
  if (names.length === 0)
    throw new UserError({
      code: 'classes-empty',
      what: 'The list of classes is empty.',
      action: 'Name at least one class, or remove the key to use all.',
      place: { key },
    });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new UserError({
      code: 'class-twice',
      what: `The class ${JSON.stringify(twice)} is named twice.`,
      action: 'Name each class once.',
      place: { key },
    });
  const unknown = names.find((name) => !dataset.classes.includes(name));
  if (unknown === undefined) return;
  const near = nearestNames(unknown, dataset.classes)
    .map((name) => JSON.stringify(name))
    .join(', ');
  throw new UserError({
    code: 'class-unknown',
    what: `The data set has no class ${JSON.stringify(unknown)}.`,
    why: `The nearest of its ${dataset.classes.length} classes: ${near}.`,
    action: 'Write the name as in the labels.',
    place: { key },
    params: { name: unknown, nearest: near },
  });
}

/** Annotations whose class stays, relabelled; the order within an image is kept. */
function keepLabels(
  annotations: Annotations,
  newLabel: readonly (number | undefined)[],
): Annotations {
  const kept: number[] = [];
  const offsets = new Uint32Array(annotations.offsets.length);
  for (let image = 0; image + 1 < offsets.length; image++) {
    for (let i = annotations.offsets[image] ?? 0; i < (annotations.offsets[image + 1] ?? 0); i++) {
      if (newLabel[annotations.labels[i] ?? -1] !== undefined) kept.push(i);
    }
    offsets[image + 1] = kept.length;
  }
  const boxes = new Float32Array(4 * kept.length);
  kept.forEach((from, to) => boxes.set(annotations.boxes.subarray(4 * from, 4 * from + 4), 4 * to));
  return {
    offsets,
    boxes,
    labels: Int32Array.from(kept, (i) => newLabel[annotations.labels[i] ?? -1] ?? 0),
    flags: Uint8Array.from(kept, (i) => annotations.flags[i] ?? FLAG_UNUSABLE),
    areas: Float32Array.from(kept, (i) => annotations.areas[i] ?? 0),
  };
}

/**
 * The data set with only the classes `names`, in that order: label i is `names[i]` (MMDetection's `metainfo.classes`).
 * Images stay, boxes of other classes go. The same data set comes back when nothing changes. Throws UserError for an
 * unknown name (with the nearest ones), a doubled name or an empty list.
 */
export function selectClasses(dataset: Dataset, names: readonly string[]): Dataset {
  checkNames(dataset, names);
  if (
    names.length === dataset.classes.length &&
    names.every((name, i) => dataset.classes[i] === name)
  )
    return dataset;
  const from = names.map((name) => dataset.classes.indexOf(name));
  const newLabel = dataset.classes.map((name) =>
    names.includes(name) ? names.indexOf(name) : undefined,
  );
  return {
    ...dataset,
    classes: names,
    categoryIds: from.map((i) => dataset.categoryIds[i] ?? 0),
    classCounts: from.map((i) => dataset.classCounts[i] ?? 0),
    annotations: keepLabels(dataset.annotations, newLabel),
    readImage: (index) => dataset.readImage(index),
  };
}
