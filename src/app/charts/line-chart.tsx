import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useT } from '../i18n/use-t.ts';
import { formatCount, formatNumber } from '../ui/format.ts';
import { useResolvedTheme } from '../ui/use-resolved-theme.ts';
import { readChartInk } from './chart-colors.ts';
import type { ChartLink } from './chart-link.ts';
import { ChartMenu } from './chart-menu.tsx';
import { chartOption } from './chart-option.ts';
import {
  type ChartRun,
  type ChartScene,
  chartScene,
  type Readout,
  readouts,
  type SceneOptions,
} from './chart-scene.ts';
import { ChartTable } from './chart-table.tsx';
import type { ChartOption } from './echarts.ts';
import { chartCsv, saveCsv, savePng, saveSvg } from './export-chart.ts';
import styles from './line-chart.module.css';
import { useChart } from './use-chart.ts';

export interface LineChartProps extends Pick<SceneOptions, 'metric' | 'x' | 'smoothing' | 'log'> {
  /** In the order in which they were started. */
  readonly runs: readonly ChartRun[];
  readonly group: string;
  readonly link: ChartLink;
  /** Position of the upright mark in axis units; null = none. */
  readonly mark: number | null;
  readonly onLog: (log: boolean) => void;
  readonly onPick: (runId: string) => void;
  /** Changes whenever the runs' series have; the chart then draws. */
  readonly version: number;
}

/** One metric over the course of the runs: heading with the values under the pointer, the plot, and how much of it is drawn. */
export function LineChart(props: LineChartProps): ReactNode {
  const { metric, runs, link, log, x, smoothing, mark, version } = props;
  const t = useT('charts');
  const [scene, setScene] = useState<ChartScene | null>(null);
  const [tableOpen, setTableOpen] = useState(false);
  const lastOption = useRef<ChartOption>({});
  const hover = useSyncExternalStore(link.subscribe, () => link.hover);
  const range = useSyncExternalStore(link.subscribe, () => link.range);
  // A canvas does not follow CSS: another theme is another drawing.
  const theme = useResolvedTheme();
  const options = { metric, runs, x, smoothing, log, range };
  const found = readouts(options, hover);
  const { host, chart, redraw } = useChart({
    group: props.group,
    link,
    onPick: props.onPick,
    option: (element) => {
      const drawn = chartScene({ ...options, pixels: Math.max(50, element.clientWidth - 60) });
      setScene(drawn);
      const description = describe(t, metric, readouts(options, null));
      const ink = readChartInk(element);
      lastOption.current = chartOption({ scene: drawn, ink, description, mark });
      return lastOption.current;
    },
  });
  useEffect(redraw, [redraw, metric, runs, x, smoothing, log, range, mark, version, theme, t]);
  const onPng = (): void => {
    const live = chart.current;
    if (live !== null) savePng(live, metric, readChartInk(live.getDom()).ground);
  };
  const onSvg = (): void => {
    const live = chart.current;
    if (live !== null)
      void saveSvg(
        live,
        { ...lastOption.current, backgroundColor: readChartInk(live.getDom()).ground },
        metric,
      );
  };
  return (
    <section className={styles['chart']}>
      <header className={styles['head']}>
        <h3 className={styles['metric']}>{metric}</h3>
        <Values found={found} several={runs.length > 1} hovered={hover !== null} />
        {log ? <span className={styles['tag']}>{t('logTag')}</span> : null}
        <ChartMenu
          metric={metric}
          log={log}
          onLog={props.onLog}
          onTable={() => setTableOpen(true)}
          onPng={onPng}
          onSvg={onSvg}
          onCsv={() => saveCsv(chartCsv(runs, props), metric)}
        />
      </header>
      <div ref={host} className={styles['plot']} data-volatile="" />
      <Footer scene={scene} />
      {tableOpen ? <ChartTable {...props} onClose={() => setTableOpen(false)} /> : null}
    </section>
  );
}

function describe(
  t: ReturnType<typeof useT<'charts'>>,
  metric: string,
  found: readonly Readout[],
): string {
  const parts = found.map(({ run, iter, smoothed }) =>
    t('describeRun', { run: run.name, iter: formatCount(iter), value: formatNumber(smoothed) }),
  );
  return [t('describe', { metric }), ...parts].join(' ');
}

/** The values under the pointer, or the newest; the number under the strong line is strong, the raw one quiet. */
function Values(props: {
  readonly found: readonly Readout[];
  readonly several: boolean;
  readonly hovered: boolean;
}): ReactNode {
  const t = useT('charts');
  const shown = props.several ? props.found.filter(({ run }) => run.selected) : props.found;
  return (
    <div className={styles['values']} data-volatile="">
      {shown.map(({ run, iter, value, smoothed }) => (
        <span key={run.runId} className={styles['value']}>
          {props.hovered ? (
            <span className={styles['at']}>{t('atIter', { iter: formatCount(iter) })}</span>
          ) : null}
          <span className={styles['raw']}>{value === smoothed ? '' : formatNumber(value)}</span>
          <span className={styles['swatch']} style={{ background: run.color }} aria-hidden="true" />
          <span className={styles['strong']}>{formatNumber(smoothed)}</span>
        </span>
      ))}
    </div>
  );
}

/** How much of the data is drawn, and what cannot be. */
function Footer({ scene }: { readonly scene: ChartScene | null }): ReactNode {
  const t = useT('charts');
  if (scene === null) return <footer className={styles['foot']} />;
  const { drawn, total, notFinite } = scene;
  const below = scene.lines.reduce((count, { belowZero }) => count + belowZero.length, 0);
  return (
    <footer className={styles['foot']} data-volatile="">
      {below > 0 ? <span>{t('belowZero')}</span> : null}
      {notFinite > 0 ? <span>{t('notFinite', { count: notFinite })}</span> : null}
      <span>{t('points', { drawn: formatCount(drawn), total: formatCount(total) })}</span>
    </footer>
  );
}
