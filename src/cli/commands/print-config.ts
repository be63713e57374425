import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { CFG_OPTIONS } from '../shared-options.ts';

const FORMATS = ['yaml', 'py', 'json'] as const;

/** `print-config CONFIG`: the merged config, as it was written, without defaults. */
export const printConfig: Command = {
  name: 'print-config',
  summary: 'The config with its bases and --cfg-options merged (tools/misc/print_config.py)',
  positionals: ['CONFIG'],
  options: {
    'cfg-options': CFG_OPTIONS,
    as: { type: 'string', value: FORMATS.join('|'), help: 'format; yaml when absent' },
  },
  notes: ['CONFIG is a file, or a preset’s name (retinanet/retinanet_r18_fpn_sample).'],
  async run(args, terminal) {
    const [name = ''] = args.positionals;
    const wanted = args.text('as') ?? 'yaml';
    const format = FORMATS.find((known) => known === wanted);
    if (format === undefined) {
      throw new UsageError(`--as takes ${FORMATS.join(', ')}, not ${wanted}.`);
    }
    const [{ readConfig, requireUsable }, { printConfig: print }] = await Promise.all([
      import('../usable-config.ts'),
      import('../../config/print-config.ts'),
    ]);
    const read = readConfig(name, args.texts('cfg-options'), terminal);
    const result = requireUsable(read, terminal);
    return { json: result.mergedPlain, text: print(result, format) };
  },
};
