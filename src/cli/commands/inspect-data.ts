import type { DataInspection } from '../../data/health/inspect-data.ts';
import type { Command } from '../command.ts';

/** `inspect-data DIR`: what a dataset holds and what is wrong with it. */
export const inspectData: Command = {
  name: 'inspect-data',
  summary: 'What a dataset holds, and what is wrong with it',
  positionals: ['DIR'],
  options: {},
  notes: ['DIR is a VOC or COCO folder or .zip, or the word sample.'],
  async run({ positionals: [path = ''] }, { cwd }) {
    const inspection = await inspect(path, cwd);
    return { json: inspection, text: describe(inspection), summary: true };
  },
};

async function inspect(path: string, cwd: string): Promise<DataInspection> {
  const { inspectData: inspectSource, inspectDataset } =
    await import('../../data/health/inspect-data.ts');
  if (path === 'sample') {
    const [{ createSampleDataset }, { loadSampleArt }] = await Promise.all([
      import('../../data/sample/sample-dataset.ts'),
      import('../../data/sample/sample-art.node.ts'),
    ]);
    return inspectDataset(await createSampleDataset({ seed: 0, loadArt: loadSampleArt }));
  }
  const { openPath } = await import('../data-path.ts');
  const source = await openPath(path, cwd);
  try {
    return await inspectSource(source);
  } finally {
    source.dispose();
  }
}

function describe({
  format,
  images,
  annotations,
  classes,
  splits,
  problems,
}: DataInspection): string {
  const width = Math.max(0, ...classes.map(({ name }) => name.length));
  return [
    `${format}: ${images} images, ${annotations} annotations`,
    `splits: ${Object.entries(splits)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `${classes.length} classes:`,
    ...classes.map(({ name, count }) => `  ${name.padEnd(width)}  ${count}`),
    problems.length === 0 ? 'no problems' : `${problems.length} problems:`,
    ...problems.map(
      ({ severity, code, file, detail, repair }) =>
        `  ${severity} ${code}${file === '' ? '' : ` ${file}`}: ${detail} ${repair}`,
    ),
  ].join('\n');
}
