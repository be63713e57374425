import { z } from 'zod';

/** Pieces that several pages are made of. */
export const numbers = z.array(z.number());
export const rows = z.array(numbers);
export const pair = z.tuple([z.number(), z.number()]);
export const fourNumbers = z.tuple([z.number(), z.number(), z.number(), z.number()]);
