import type { ReactNode } from 'react';
import { useT } from '../i18n/use-t.ts';
import { formatCount } from '../ui/format.ts';
import { Sheet } from '../ui/sheet.tsx';
import type { ChartRun, SceneOptions } from './chart-scene.ts';
import styles from './chart-table.module.css';

const ROWS = 200;

export interface ChartTableProps extends Pick<SceneOptions, 'metric' | 'smoothing'> {
  readonly runs: readonly ChartRun[];
  readonly onClose: () => void;
}

/** The numbers behind a chart, for those who cannot see it or want to read them: at most 200 rows, evenly spread. */
export function ChartTable({ metric, smoothing, runs, onClose }: ChartTableProps): ReactNode {
  const t = useT('charts');
  const run = runs.find(({ selected }) => selected) ?? runs.at(-1);
  const rows = run === undefined ? [] : tableRows(run, metric, smoothing, ROWS);
  const total = run?.series.column(metric).length ?? 0;
  return (
    <Sheet
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={t('tableTitle', { metric })}
    >
      <p className={styles['note']}>
        {t('rows', { shown: formatCount(rows.length), total: formatCount(total) })}
      </p>
      <table className={styles['table']}>
        <thead>
          <tr>
            <th scope="col">iter</th>
            <th scope="col">{metric}</th>
            {smoothing > 0 ? <th scope="col">{t('smoothed', { weight: smoothing })}</th> : null}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ iter, value, smoothed }) => (
            <tr key={iter}>
              <th scope="row">{formatCount(iter)}</th>
              <td>{exact(value)}</td>
              {smoothing > 0 ? <td>{exact(smoothed)}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </Sheet>
  );
}

export interface TableRow {
  readonly iter: number;
  readonly value: number;
  readonly smoothed: number;
}

/** At most `limit` rows of a metric, the first and the last among them, newest first. */
export function tableRows(
  { series }: Pick<ChartRun, 'series'>,
  metric: string,
  smoothing: number,
  limit: number,
): TableRow[] {
  const column = series.column(metric);
  const smooth = series.smoothed(metric, smoothing);
  const count = Math.min(limit, column.length);
  return Array.from({ length: count }, (_, i): TableRow => {
    const row = count === 1 ? 0 : Math.round((i * (column.length - 1)) / (count - 1));
    return {
      iter: series.iters[row] ?? NaN,
      value: column[row] ?? NaN,
      smoothed: smooth[row] ?? NaN,
    };
  }).reverse();
}

function exact(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(7))) : String(value);
}
