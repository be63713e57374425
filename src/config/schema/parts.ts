import { z } from 'zod';

/**
 * A dict that MMEngine's registry would build: a strict object with a literal `type`. Unknown keys are refused, as a
 * constructor refuses an unexpected keyword.
 */
export function typed<const T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.strictObject({ type: z.literal(type), ...shape });
}

/**
 * A key that MMDetection has and that Anchorage accepts only with the one value it implements. `why` is shown when
 * another value is given. The key may be left out.
 */
export function only<const V extends string | number | boolean | null>(value: V, why: string) {
  return z
    .literal(value, { error: `only-value: ${why}` })
    .default(() => value)
    .describe(`Only \`${String(value)}\`: ${why}`);
}

/** Anything, kept as it is: keys that matter to MMEngine and not here. */
export const kept = z.unknown();

export const positive = z.number().positive();
export const nonNegative = z.number().min(0);
export const count = z.int().min(1);
export const index = z.int().min(0);
/** A probability or an IoU, 0 … 1. */
export const fraction = z.number().min(0).max(1);

/** Where initial weights come from. `torchvision://resnet50` and files are resolved by the session that starts the run. */
export const pretrainedInit = typed('Pretrained', {
  checkpoint: z
    .string()
    .min(1)
    .describe('`torchvision://resnet18`, `torchvision://resnet50` or a path'),
  prefix: z.string().optional().describe('Only keys with this prefix are taken, and it is cut off'),
  map_location: kept.optional(),
});
