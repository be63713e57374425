import { type ReactNode, useMemo, useState } from 'react';
import { runColor } from '../../charts/chart-colors.ts';
import { ChartLink } from '../../charts/chart-link.ts';
import { axisPosition, type ChartRun } from '../../charts/chart-scene.ts';
import { LineChart } from '../../charts/line-chart.tsx';
import type { RunRecord } from '../../series/run-history.ts';
import { useStore } from '../../store/store-context.tsx';
import { type ResolvedTheme, useResolvedTheme } from '../../ui/use-resolved-theme.ts';
import styles from './curves.module.css';
import { CurvesToolbar } from './curves-toolbar.tsx';
import { chartedMetrics } from './metric-order.ts';
import { useHistory, useShownRun } from './use-history.ts';

const GROUP = 'train';

/** One chart per metric, all on the same axis, with one pointer and one zoom. */
export function Curves(): ReactNode {
  const { history, version } = useHistory();
  const shown = useShownRun();
  const theme = useResolvedTheme();
  const curves = useStore((state) => state.curves);
  const setCurves = useStore((state) => state.setCurves);
  const chooseRun = useStore((state) => state.chooseRun);
  const previewIter = useStore((state) => state.previewIter);
  const [link] = useState(() => new ChartLink());
  const shownId = shown?.runId;
  const runs = useMemo(
    () => chartRuns(history.runs, shownId, theme),
    [history.runs, shownId, theme],
  );
  const metrics = chartedMetrics([...new Set(runs.flatMap(({ series }) => series.keys))]);
  const selected = runs.find((run) => run.selected);
  const mark =
    selected === undefined || previewIter === null
      ? null
      : axisPosition({ runs, x: curves.x }, selected, previewIter);
  return (
    <div className={styles['curves']}>
      <CurvesToolbar link={link} runs={runs} />
      <div className={styles['charts']}>
        {metrics.map((metric, i) => (
          <div key={metric} className={i === 0 ? styles['wide'] : styles['cell']}>
            <LineChart
              metric={metric}
              runs={runs}
              x={curves.x}
              smoothing={smoothed(metric) ? curves.smoothing : 0}
              log={curves.log.includes(metric)}
              group={GROUP}
              link={link}
              mark={mark}
              version={version}
              onPick={chooseRun}
              onLog={(log) => {
                const others = curves.log.filter((name) => name !== metric);
                setCurves({ log: log ? [...others, metric] : others });
              }}
            />
          </div>
        ))}
      </div>
    </div>
  );
}

/** A learning rate is exact: smoothing would only show a rate that was never used. */
function smoothed(metric: string): boolean {
  return metric !== 'lr';
}

function chartRuns(
  records: readonly RunRecord[],
  selected: string | undefined,
  theme: ResolvedTheme,
): ChartRun[] {
  return records
    .filter(({ series }) => series.length > 0)
    .map(({ runId, series, status }, place): ChartRun => {
      const perEpoch =
        status === null || status.maxEpochs <= 0 ? 0 : status.maxIters / status.maxEpochs;
      return {
        runId,
        name: runTitle(status?.name ?? runId, place),
        color: runColor(place, theme),
        selected: runId === selected,
        series,
        itersPerEpoch: perEpoch,
      };
    });
}

/** Runs of one config have one name, so their order tells them apart. */
function runTitle(name: string, place: number): string {
  return `#${place + 1} ${name.slice(name.lastIndexOf('/') + 1)}`;
}
