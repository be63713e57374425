import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { withEngine } from '../engine.ts';
import { CFG_OPTIONS, DATA } from '../shared-options.ts';

/** `test CONFIG CHECKPOINT`. */
export const test: Command = {
  name: 'test',
  summary: 'Pascal VOC AP of a checkpoint (tools/test.py)',
  positionals: ['CONFIG', 'CHECKPOINT'],
  options: {
    data: DATA,
    split: { type: 'string', value: 'NAME', help: 'val when absent; else test, else all' },
    out: {
      type: 'string',
      value: 'FILE',
      help: 'write the detections as COCO results (.bbox.json)',
    },
    'show-dir': {
      type: 'string',
      value: 'DIR',
      help: 'pictures of the detections (not built yet)',
    },
    'cfg-options': CFG_OPTIONS,
  },
  async run(args, terminal) {
    const [config = '', checkpoint = ''] = args.positionals;
    if (args.text('show-dir') !== undefined) throw new UsageError('--show-dir is not built yet.');
    const request = {
      config,
      checkpoint,
      data: args.text('data'),
      split: args.text('split'),
      out: args.text('out'),
      overrides: args.texts('cfg-options'),
    };
    return withEngine(terminal, async (session) => {
      const { testRun } = await import('../test-run.ts');
      return testRun(session, request, terminal);
    });
  },
};
