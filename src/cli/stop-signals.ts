/** A terminal's Ctrl-C reaches this process twice, from the terminal and from the program that started it. */
const SAME_PRESS_MS = 1500;

/**
 * Calls `stop` at the first SIGINT or SIGTERM, so that what was done can be kept; a later one ends the process at once.
 *
 * @returns the function that takes the handlers away, and whether `stop` was called
 */
export function onStopSignal(stop: () => void): { release(): void; readonly stopped: boolean } {
  let pressed: number | undefined;
  const handle = (): void => {
    const now = performance.now();
    if (pressed === undefined) {
      pressed = now;
      stop();
    } else if (now - pressed > SAME_PRESS_MS) process.exit(130);
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    release() {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
    get stopped() {
      return pressed !== undefined;
    },
  };
}
