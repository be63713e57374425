import { dotted } from './config-node.ts';
import type { ConfigNode, ConfigPath, MapEntry, MapNode } from './config-node.ts';
import { configProblem } from './problem.ts';
import type { ConfigProblem } from './problem.ts';

const DELETE_KEY = '_delete_';

export interface Merged {
  readonly root: MapNode;
  readonly problems: readonly ConfigProblem[];
}

/**
 * Lays a child config over its base by MMEngine's rules: a dict goes into a dict key by key; anything else replaces what
 * was there; a dict with `_delete_: true` replaces too; a dict over a non-dict is an error (`config-dict-over-value`).
 * `_delete_` itself never stays in the result (in MMEngine it does when the base lacks the key, and building then fails).
 * Key order: the base's, then the child's new keys.
 */
export function mergeConfigs(base: MapNode, child: MapNode): Merged {
  const problems: ConfigProblem[] = [];
  const root = mergeMaps(base, child, [], problems);
  return { root: withoutDeleteKeys(root), problems };
}

/** A copy without any `_delete_` key. */
export function withoutDeleteKeys(root: MapNode): MapNode {
  const clean = (node: ConfigNode): ConfigNode => {
    if (node.kind === 'list') return { ...node, items: node.items.map(clean) };
    return node.kind === 'map' ? withoutDeleteKeys(node) : node;
  };
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of root.entries) {
    if (key !== DELETE_KEY) entries.set(key, { ...entry, value: clean(entry.value) });
  }
  return { ...root, entries };
}

function mergeMaps(
  base: MapNode,
  child: MapNode,
  path: ConfigPath,
  problems: ConfigProblem[],
): MapNode {
  const entries = new Map(base.entries);
  for (const [key, entry] of child.entries) {
    const old = base.entries.get(key)?.value;
    const here = [...path, key];
    const { value } = entry;
    if (value.kind !== 'map' || old === undefined || deletesBase(value)) {
      entries.set(key, entry);
    } else if (old.kind === 'map') {
      entries.set(key, { ...entry, value: mergeMaps(old, value, here, problems) });
    } else {
      problems.push(dictOverValue(here, entry, old));
    }
  }
  return { ...child, entries };
}

function deletesBase(map: MapNode): boolean {
  const flag = map.entries.get(DELETE_KEY)?.value;
  return flag?.kind === 'scalar' && flag.value !== null && flag.value !== false && flag.value !== 0;
}

function dictOverValue(path: ConfigPath, entry: MapEntry, old: ConfigNode): ConfigProblem {
  const kind =
    old.kind === 'list'
      ? 'a list'
      : old.kind === 'scalar'
        ? `\`${String(old.value)}\``
        : 'a section';
  const at = old.place.line > 0 ? `${old.place.file}:${old.place.line}` : old.place.file;
  return configProblem({
    code: 'config-dict-over-value',
    what: `\`${dotted(path)}\` is a section here, but ${kind} in its base (${at}).`,
    why: 'A section is merged into a section only.',
    action: `Add \`${DELETE_KEY}: true\` to the section to replace the base's value.`,
    place: entry.keyPlace,
    key: dotted(path),
  });
}
