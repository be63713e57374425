import type { EventSink } from '../../worker/event-sink.ts';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { startEngine } from '../engine.ts';
import { CFG_OPTIONS, DATA } from '../shared-options.ts';

/** `train CONFIG --work-dir DIR`. */
export const train: Command = {
  name: 'train',
  summary: 'Train a detector (tools/train.py)',
  positionals: ['CONFIG'],
  options: {
    'work-dir': { type: 'string', value: 'DIR', help: 'where log, curves and checkpoints go' },
    data: DATA,
    'max-iters': {
      type: 'string',
      value: 'N',
      help: 'stop after N iterations; the learning rate follows the config’s own length',
    },
    seed: { type: 'string', value: 'S', help: 'seed of weights and order; 0 when absent' },
    resume: { type: 'boolean', help: 'go on from the last checkpoint (not built yet)' },
    'cfg-options': CFG_OPTIONS,
  },
  notes: [
    'CONFIG is a file, or a preset’s name (retinanet/retinanet_r18_fpn_sample).',
    'Ctrl-C stops after the step under way and saves the weights.',
  ],
  async run(args, terminal) {
    const [config = ''] = args.positionals;
    const workDir = args.text('work-dir');
    if (workDir === undefined) throw new UsageError('--work-dir is missing.');
    if (args.flag('resume')) throw new UsageError('--resume is not built yet.');
    const maxIters = args.integer('max-iters', 1);
    const seed = args.integer('seed', 0);
    // A seed on the command line wins over the config's own.
    const seedOption = seed === undefined ? [] : [`randomness.seed=${seed}`];
    let sink: EventSink = () => undefined;
    const session = await startEngine(terminal, (event, payload) => {
      sink(event, payload);
    });
    const { trainRun } = await import('../train-run.ts');
    const request = {
      config,
      workDir,
      data: args.text('data'),
      maxIters,
      seed: seed ?? 0,
      overrides: [...args.texts('cfg-options'), ...seedOption],
    };
    try {
      return await trainRun(session, request, (to) => (sink = to), terminal);
    } finally {
      await session.dispose();
    }
  },
};
