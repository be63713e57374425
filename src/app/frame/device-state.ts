import type { ErrorDetails } from '../../base/errors.ts';
import type { DeviceReport } from '../../worker/protocol.ts';

/** The states of the GPU, from unknown to good; each is also the key of its words. */
export type DeviceState = 'checking' | 'engineDown' | 'none' | 'wrong' | 'software' | 'ready';

/** The one state that matters most to the user. */
export function deviceState(device: DeviceReport | null, error: ErrorDetails | null): DeviceState {
  if (error !== null) return 'engineDown';
  if (device === null) return 'checking';
  if (!device.available) return 'none';
  if (device.selfTest.failed > 0) return 'wrong';
  return device.isFallback ? 'software' : 'ready';
}
