/**
 * A config before it is checked: plain data that remembers where each value was written and two things that JavaScript
 * values cannot say but MMDetection distinguishes, float or int and tuple or list.
 */

export interface Place {
  /** Preset path, the name of the edited text, `--cfg-options`, or `data`. */
  readonly file: string;
  /** 1-based; 0 when the value was not written in a text. */
  readonly line: number;
  readonly column: number;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** Written as a Python float (`0.0`, `1e-3`), not as an int. */
  readonly isFloat: boolean;
  readonly place: Place;
}

export interface ListNode {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
  readonly isTuple: boolean;
  readonly place: Place;
}

export interface MapEntry {
  readonly keyPlace: Place;
  readonly value: ConfigNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
  readonly place: Place;
}

export type ConfigNode = ScalarNode | ListNode | MapNode;

/** A JSON-like value without places. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain };

export type ConfigPath = readonly (string | number)[];

/** The values of a tree. Objects have no prototype keys: `__proto__` becomes an ordinary property. */
export function toPlain(node: ConfigNode): Plain {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toPlain);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toPlain(entry.value)]));
}

/**
 * A tree of the given values, all at one place. Numbers with a fraction are floats. Throws a TypeError for values that
 * are not JSON-like (functions, undefined, bigint).
 */
export function fromPlain(value: unknown, place: Place): ConfigNode {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return { kind: 'scalar', value, isFloat: false, place };
  }
  if (typeof value === 'number') {
    return { kind: 'scalar', value, isFloat: !Number.isInteger(value), place };
  }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => fromPlain(item, place));
    return { kind: 'list', items, isTuple: false, place };
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(
      ([key, item]: [string, unknown]): [string, MapEntry] => [
        key,
        { keyPlace: place, value: fromPlain(item, place) },
      ],
    );
    return { kind: 'map', entries: new Map(entries), place };
  }
  throw new TypeError(`a config cannot hold a ${typeof value}`);
}

/** The child of a node at a key or list index, or undefined. */
export function childAt(node: ConfigNode, step: string | number): ConfigNode | undefined {
  if (node.kind === 'map') return node.entries.get(String(step))?.value;
  if (node.kind === 'list' && /^\d+$/.test(String(step))) return node.items[Number(step)];
  return undefined;
}

/** The node at a path, or undefined. */
export function nodeAt(root: ConfigNode, path: ConfigPath): ConfigNode | undefined {
  let node: ConfigNode | undefined = root;
  for (const step of path) {
    if (node === undefined) return undefined;
    node = childAt(node, step);
  }
  return node;
}

/** The deepest node on the way to a path: the node itself, or its nearest existing ancestor. */
export function nearestNode(root: ConfigNode, path: ConfigPath): ConfigNode {
  let node = root;
  for (const step of path) {
    const next = childAt(node, step);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/**
 * A copy of `root` with `value` at `path`; missing maps on the way are made, a list index must exist.
 * Returns undefined when the path leads through a scalar or past the end of a list.
 */
export function withNodeAt(
  root: ConfigNode,
  path: ConfigPath,
  value: ConfigNode,
): ConfigNode | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (root.kind === 'scalar') return undefined;
  if (root.kind === 'list') {
    const item = childAt(root, step);
    const changed = item && withNodeAt(item, rest, value);
    return (
      changed && {
        ...root,
        items: root.items.map((old, i) => (i === Number(step) ? changed : old)),
      }
    );
  }
  const key = String(step);
  const old = root.entries.get(key);
  const empty: MapNode = { kind: 'map', entries: new Map(), place: value.place };
  const changed = withNodeAt(old?.value ?? empty, rest, value);
  if (changed === undefined) return undefined;
  const entry = { keyPlace: old?.keyPlace ?? value.place, value: changed };
  return { ...root, entries: new Map(root.entries).set(key, entry) };
}

/** Dotted form of a path, as it is shown. */
export function dotted(path: ConfigPath): string {
  return path.join('.');
}

/** Dotted key → file, for every scalar and every list of the tree. */
export function nodeOrigins(root: ConfigNode): Record<string, string> {
  const origins: [string, string][] = [];
  const visit = (node: ConfigNode, path: ConfigPath): void => {
    if (node.kind === 'map') {
      for (const [key, entry] of node.entries) visit(entry.value, [...path, key]);
      return;
    }
    origins.push([dotted(path), node.place.file]);
    if (node.kind === 'list') node.items.forEach((item, i) => visit(item, [...path, i]));
  };
  visit(root, []);
  return Object.fromEntries(origins);
}
