import type { ReactNode } from 'react';
import type { RunStatus } from '../../../worker/protocol.ts';
import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import { formatBytes, formatDuration, formatNumber, formatPercent } from '../../ui/format.ts';
import { finishTime } from './finish-time.ts';
import styles from './run-stats.module.css';

/** The numbers of the run as it goes: speed, waiting for data, memory, and when it ends. */
export function RunStats({ run }: { readonly run: RunStatus }): ReactNode {
  const t = useT('train');
  const language = useStore((state) => state.language);
  const { timeMs, dataTimeMs, imagesPerSecond, gpuBytes, etaSeconds, phase } = run;
  const ticking = phase === 'running' || phase === 'pausing';
  const now = useStore((state) => state.runAt);
  const cells: readonly (readonly [label: string, value: string, unit: string, note?: string])[] = [
    [t('stat.iter'), formatNumber(run.iter), `/ ${formatNumber(run.maxIters)}`],
    [t('stat.rate'), timeMs > 0 ? formatNumber(1000 / timeMs) : NONE, t('unit.iterPerSecond')],
    [
      t('stat.images'),
      imagesPerSecond > 0 ? formatNumber(imagesPerSecond) : NONE,
      t('unit.imagesPerSecond'),
    ],
    [
      t('stat.data'),
      timeMs > 0 ? formatPercent(dataTimeMs / timeMs) : NONE,
      '',
      t('stat.dataNote', { ms: formatNumber(dataTimeMs), of: formatNumber(timeMs) }),
    ],
    [t('stat.memory'), gpuBytes > 0 ? formatBytes(gpuBytes) : NONE, ''],
    [t('stat.eta'), ticking && etaSeconds >= 0 ? formatDuration(etaSeconds) : NONE, ''],
    [t('stat.end'), ticking && etaSeconds >= 0 ? finishTime(now, etaSeconds, language) : NONE, ''],
  ];
  return (
    <dl className={styles['stats']} data-volatile="">
      {cells.map(([label, value, unit, note]) => (
        <div key={label} className={styles['cell']} title={note}>
          <dt>{label}</dt>
          <dd>
            <span className={styles['value']}>{value}</span>
            {unit === '' || value === NONE ? null : <span className={styles['unit']}>{unit}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

const NONE = '–';
