import { lazy, type ReactNode, Suspense } from 'react';
import { useT } from '../../i18n/use-t.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { Preparing } from './preparing.tsx';
import { useHistory, useShownRun } from './use-history.ts';

const Curves = lazy(() => import('./curves.tsx').then((m) => ({ default: m.Curves })));

/** The curves as soon as there is a point, and before that what is being prepared. */
export function CurvesArea(): ReactNode {
  const ui = useT('ui');
  const { history } = useHistory();
  const shown = useShownRun();
  // A new run beside earlier ones: their curves stay, but what is going on now is said first.
  const first = history.runs.every(({ series }) => series.length === 0);
  if (first || (shown !== undefined && shown.series.length === 0)) {
    return <Preparing record={shown} />;
  }
  return (
    <Suspense fallback={<ProgressLine label={ui('loading')} value={0} max={0} />}>
      <Curves />
    </Suspense>
  );
}
