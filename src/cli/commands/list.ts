import type { Command } from '../command.ts';
import { bench } from './bench.ts';
import { doctor } from './doctor.ts';
import { inspectData } from './inspect-data.ts';
import { oracle } from './oracle.ts';
import { predict } from './predict.ts';
import { printConfig } from './print-config.ts';
import { test } from './test.ts';
import { train } from './train.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  train,
  test,
  predict,
  inspectData,
  printConfig,
  bench,
  oracle,
  doctor,
];

/** Commands of the contract that are not there yet; they say so by name. */
export const NOT_BUILT: readonly string[] = ['eval', 'model', 'convert', 'analyze-logs'];
