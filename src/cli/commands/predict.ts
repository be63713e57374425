import type { Command } from '../command.ts';
import { withEngine } from '../engine.ts';
import { CFG_OPTIONS } from '../shared-options.ts';

/** MMDetection's image_demo. */
const DEFAULT_SCORE_THR = 0.3;

/** `predict CONFIG CHECKPOINT IMAGE…`. */
export const predict: Command = {
  name: 'predict',
  summary: 'Detect objects on pictures (demo/image_demo.py)',
  positionals: ['CONFIG', 'CHECKPOINT', 'IMAGE…'],
  options: {
    'score-thr': {
      type: 'string',
      value: 'T',
      help: `leave out detections below this score; ${DEFAULT_SCORE_THR} when absent`,
    },
    'cfg-options': CFG_OPTIONS,
  },
  async run(args, terminal) {
    const [config = '', checkpoint = '', ...images] = args.positionals;
    const scoreThr = args.fraction('score-thr') ?? DEFAULT_SCORE_THR;
    const request = { config, checkpoint, images, scoreThr, overrides: args.texts('cfg-options') };
    return withEngine(terminal, async (session) => {
      const { predictRun } = await import('../predict-run.ts');
      return predictRun(session, request, terminal);
    });
  },
};
