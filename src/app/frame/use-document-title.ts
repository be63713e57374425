import { useEffect } from 'react';
import { useStore } from '../store/store-context.tsx';

/** `12 % · Anchorage` while a run is under way, so that a background tab tells how far it is. */
export function useDocumentTitle(): void {
  const percent = useStore(({ run }) =>
    run !== null &&
    run.maxIters > 0 &&
    ['running', 'pausing', 'paused', 'finished'].includes(run.phase)
      ? Math.floor((100 * run.iter) / run.maxIters)
      : null,
  );
  const paused = useStore(({ run }) => run?.phase === 'paused');
  useEffect(() => {
    document.title =
      percent === null ? 'Anchorage' : `${paused ? '❚❚ ' : ''}${percent} % · Anchorage`;
  }, [percent, paused]);
}
