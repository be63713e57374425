/** Every set of words by its namespace; a panel's file adds one line here. */
import { charts } from './charts.ts';
import { commands } from './commands.ts';
import { config } from './config.ts';
import { data } from './data.ts';
import { device } from './device.ts';
import { errors } from './errors.ts';
import { evaluate } from './evaluate.ts';
import { frame } from './frame.ts';
import { start } from './start.ts';
import { train } from './train.ts';
import { ui } from './ui.ts';

export const STRINGS = {
  charts,
  commands,
  config,
  data,
  device,
  errors,
  evaluate,
  frame,
  start,
  train,
  ui,
};
