export interface Paced {
  /** Asks for the work to be done soon. */
  request(): void;
  cancel(): void;
}

/**
 * Does something at most once per `ms`, however often it is asked for: at once after a rest, and once more at the end of a
 * burst. Nothing is done while the page is hidden; what was asked for is done when it is seen again.
 */
export function pace(work: () => void, ms: number): Paced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let lastAt = -Infinity;
  let wanted = false;
  const run = (): void => {
    timer = undefined;
    if (!wanted || document.hidden) return;
    wanted = false;
    lastAt = performance.now();
    work();
  };
  const request = (): void => {
    wanted = true;
    timer ??= setTimeout(run, Math.max(0, lastAt + ms - performance.now()));
  };
  const onVisible = (): void => {
    if (wanted) request();
  };
  document.addEventListener('visibilitychange', onVisible);
  return {
    request,
    cancel() {
      clearTimeout(timer);
      timer = undefined;
      wanted = false;
      document.removeEventListener('visibilitychange', onVisible);
    },
  };
}
