import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';
import { presetNames } from './preset-files.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import { withDataset } from './with-dataset.ts';

const files = nodeConfigFiles();

describe('presets', () => {
  it.each(presetNames(files))('%s loads without a problem', (name) => {
    const result = loadConfig(files, name);
    expect(result.problems).toEqual([]);
    expect(result.ok).toBe(true);
    const filled = withDataset(result, { classes: ['a', 'b'] });
    expect(filled.problems).toEqual([]);
  });
});
