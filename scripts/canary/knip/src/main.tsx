import { z } from 'zod';
import { init } from 'echarts';
import { used } from './used.ts';

export const all = [z, init, used];
