import { nodeAt } from './config-node.ts';
import type { ConfigPath, MapNode } from './config-node.ts';

/** Paths of the data set sections inside Repeat- and ConcatDataset of the given loaders, in order. */
export function leafPathsOf(root: MapNode, loaders: readonly string[]): ConfigPath[] {
  const leaves: ConfigPath[] = [];
  const visit = (path: ConfigPath): void => {
    const node = nodeAt(root, path);
    if (node?.kind !== 'map') return;
    const several = node.entries.get('datasets')?.value;
    if (node.entries.has('dataset')) visit([...path, 'dataset']);
    else if (several?.kind === 'list')
      several.items.forEach((_, i) => visit([...path, 'datasets', i]));
    else leaves.push(path);
  };
  for (const loader of loaders) visit([loader, 'dataset']);
  return leaves;
}

/** Paths of all pipelines of the given loaders: of the data sets, then those of a MultiImageMixDataset around them. */
export function pipelinePathsOf(root: MapNode, loaders: readonly string[]): ConfigPath[] {
  const leaves = leafPathsOf(root, loaders).map((leaf) => [...leaf, 'pipeline']);
  const around = loaders.map((loader) => [loader, 'dataset', 'pipeline']);
  const outer = around.filter(
    (path) => !leaves.some((leaf) => leaf.length === path.length && leaf[0] === path[0]),
  );
  return [...leaves, ...outer].filter((path) => nodeAt(root, path)?.kind === 'list');
}
