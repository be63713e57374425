import type { Parameter } from '../models/parameter-set.ts';
import { activeBackend } from '../tensor/backend.ts';

/** Parameters that share a dispatch and a tensor of state. */
export interface ParameterGroup {
  readonly members: readonly {
    readonly parameter: Parameter;
    /** Where its part of the state begins. */
    readonly at: number;
  }[];
  /** Elements of all members. */
  readonly size: number;
}

/**
 * Parameters in order, cut where a dispatch can bind no more of them or where their state no longer fits into a binding.
 *
 * @param most parameters per group
 * @param states floats of state per element
 */
export function groupParameters(
  parameters: readonly Parameter[],
  { most, states }: { readonly most: number; readonly states: number },
): readonly ParameterGroup[] {
  const { maxStorageBufferBindingSize } = activeBackend().device.limits;
  const largest = maxStorageBufferBindingSize / Float32Array.BYTES_PER_ELEMENT / states;
  const groups: { members: { parameter: Parameter; at: number }[]; size: number }[] = [];
  for (const parameter of parameters) {
    const { size } = parameter.variable;
    const group = groups.at(-1);
    if (group === undefined || group.members.length === most || group.size + size > largest) {
      groups.push({ members: [{ parameter, at: 0 }], size });
    } else {
      group.members.push({ parameter, at: group.size });
      group.size += size;
    }
  }
  return groups;
}
