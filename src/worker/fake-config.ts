import type { ConfigField, ConfigView, PresetInfo } from './protocol.ts';

/** A config that was never merged: the text, and the fields that the form shows. */

export const FAKE_PRESETS: readonly PresetInfo[] = [
  {
    name: 'retinanet/retinanet_r18_fpn_sample',
    description: 'RetinaNet, ResNet-18, 320 px: minutes on a laptop',
  },
  {
    name: 'retinanet/retinanet_r50_fpn_1x_coco',
    description: 'RetinaNet, ResNet-50, 1333×800: the classic 1x',
  },
];

const TEXT = `# RetinaNet on ResNet-18 for the sample: small enough for a laptop.
_base_:
  - ../_base_/models/retinanet_r50_fpn.yaml
  - ../_base_/datasets/sample_detection.yaml
  - ../_base_/schedules/schedule_1x.yaml

model:
  backbone:
    depth: 18
  neck:
    in_channels: [64, 128, 256, 512]

optim_wrapper:
  optimizer:
    lr: 0.01

train_cfg:
  max_epochs: 12
`;

const FIELDS: readonly ConfigField[] = [
  field('train_cfg.max_epochs', 'field.maxEpochs', 'integer', 12, 'schedule', {
    min: 1,
    max: 1000,
  }),
  field('train_dataloader.batch_size', 'field.batchSize', 'integer', 2, 'schedule', {
    min: 1,
    max: 64,
  }),
  field('train_pipeline.scale', 'field.imageSize', 'size', [320, 320], 'data', { unit: 'px' }),
  field('optim_wrapper.optimizer.lr', 'field.lr', 'number', 0.01, 'optimizer', { min: 0 }),
  field('optim_wrapper.optimizer.momentum', 'field.momentum', 'number', 0.9, 'optimizer', {
    min: 0,
    max: 1,
  }),
  field('model.backbone.depth', 'field.depth', 'choice', '18', 'model', {
    choices: ['18', '34', '50', '101'],
  }),
  field('model.bbox_head.num_classes', 'field.numClasses', 'integer', 8, 'model', {
    readOnly: true,
    origin: 'data',
  }),
];

function field(
  key: string,
  labelId: string,
  kind: ConfigField['kind'],
  value: unknown,
  group: string,
  more: Partial<ConfigField>,
): ConfigField {
  return { key, labelId, kind, value, origin: 'retinanet_r18_fpn_sample.yaml', group, ...more };
}

/** The view of a config text; a text with a tab in it stands for one that does not parse. */
export function fakeConfigView(
  text: string = TEXT,
  changed: ReadonlyMap<string, unknown> = new Map(),
): ConfigView {
  const broken = text.split('\n').findIndex((line) => line.includes('\t'));
  const fields = FIELDS.map((one) =>
    changed.has(one.key) ? { ...one, value: changed.get(one.key) } : one,
  );
  return {
    text,
    merged: broken < 0 ? text : '',
    origins: Object.fromEntries(fields.map(({ key, origin }) => [key, origin])),
    fields: broken < 0 ? fields : [],
    problems:
      broken < 0
        ? []
        : [
            {
              code: 'yaml-invalid',
              severity: 'error',
              what: 'The text is not valid YAML.',
              why: 'Tabs are not allowed as indentation.',
              action: 'Use spaces.',
              place: { file: 'config.yaml', line: broken + 1, column: 1 },
            },
          ],
    plannedIterations: broken < 0 ? 1200 : 0,
  };
}
