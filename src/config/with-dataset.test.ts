import { describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';
import { numClasses } from './resolved-model.ts';
import { nodeConfigFiles } from './preset-files.node.ts';
import { chosenClassIndices, withDataset } from './with-dataset.ts';

const files = nodeConfigFiles();
const CLASSES = ['Platelets', 'RBC', 'WBC'];
const VOC = 'retinanet/retinanet_r50_fpn_1x_voc0712';

describe('withDataset', () => {
  it('fills classes everywhere and num_classes, and says so in the origins', () => {
    const { config, mergedYaml, origins, problems } = withDataset(loadConfig(files, VOC), {
      classes: CLASSES,
    });
    expect(problems).toEqual([]);
    expect(config && numClasses(config)).toBe(3);
    expect(config?.metainfo?.classes).toEqual(CLASSES);
    // The top, two training sets inside Repeat- and ConcatDataset, validation and test.
    expect(mergedYaml.match(/classes: \[Platelets, RBC, WBC\]/g)).toHaveLength(5);
    expect(origins['model.bbox_head.num_classes']).toBe('data');
    expect(origins['metainfo.classes']).toBe('data');
  });

  it('gives the same when it is done again', () => {
    const once = withDataset(loadConfig(files, VOC), { classes: CLASSES });
    const twice = withDataset(once, { classes: CLASSES });
    expect(twice.mergedYaml).toBe(once.mergedYaml);
    expect(twice.problems).toEqual([]);
  });

  it('picks classes by --cfg-options, in the order given', () => {
    const loaded = loadConfig(files, VOC, ['metainfo.classes=[WBC,RBC]']);
    const { config, problems } = withDataset(loaded, { classes: CLASSES });
    expect(problems).toEqual([]);
    expect(config?.metainfo?.classes).toEqual(['WBC', 'RBC']);
    expect(config && numClasses(config)).toBe(2);
    expect(config && chosenClassIndices(config, { classes: CLASSES })).toEqual([2, 1]);
  });

  it('refuses a class that the data set lacks, with the nearest name', () => {
    const loaded = loadConfig(files, VOC, ['metainfo.classes=[WCB]']);
    const { ok, problems } = withDataset(loaded, { classes: CLASSES });
    expect(ok).toBe(false);
    expect(problems.map(({ code }) => code)).toEqual(['config-class-not-in-data']);
    expect(problems[0]?.action).toContain('Did you mean `WBC`');
  });

  it.each([
    ['WBC', 'config-classes-string', /\[WBC\]/],
    ['[1,2]', 'config-wrong-type', /in quotes/],
  ])('does not hide a class list of the wrong type: %s', (value, code, says) => {
    const loaded = loadConfig(files, VOC, [`metainfo.classes=${value}`]);
    const { ok, problems } = withDataset(loaded, { classes: CLASSES });
    expect(ok).toBe(false);
    const found = problems.find((problem) => problem.code === code);
    expect(found?.action).toMatch(says);
  });

  it('replaces the class list of a file, with a warning', () => {
    const text = `_base_: ${VOC}.yaml\nmetainfo:\n  classes: [cat]\n`;
    const { config, problems } = withDataset(loadConfig(files, { name: 'a.yaml', text }), {
      classes: CLASSES,
    });
    expect(config?.metainfo?.classes).toEqual(CLASSES);
    expect(problems.map(({ code, severity, place }) => [code, severity, place?.line])).toEqual([
      ['config-classes-replaced', 'warning', 3],
    ]);
  });

  it('keeps the errors of the config', () => {
    const loaded = loadConfig(files, VOC, ['optim_wrapper.optimizer.lr=fast', 'novalue']);
    const { ok, problems } = withDataset(loaded, { classes: CLASSES });
    expect(ok).toBe(false);
    expect(problems.map(({ code }) => code).toSorted()).toEqual([
      'config-option',
      'config-wrong-type',
    ]);
  });

  it('changes nothing where the text could not be read', () => {
    const broken = loadConfig(files, { name: 'a.yaml', text: 'a: [' });
    expect(withDataset(broken, { classes: CLASSES })).toBe(broken);
  });
});
