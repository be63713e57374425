import type { ReactNode } from 'react';
import { classColor } from '../../canvas/class-colors.ts';
import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import { formatNumber } from '../../ui/format.ts';
import styles from './detection-table.module.css';
import { useShownDetections } from './use-drawn-detections.ts';

/** What was found, best first; pointing at a row marks the box in the picture. */
export function DetectionTable(): ReactNode {
  const t = useT('evaluate');
  const prediction = useStore((state) => state.prediction);
  const activeBox = useStore((state) => state.activeBox);
  const pointAtBox = useStore((state) => state.pointAtBox);
  const shown = useShownDetections();
  if (prediction === null) return null;
  return (
    <section>
      <h2 className={styles['heading']}>
        {t('shown', { count: shown.length, total: prediction.detections.length })}
        <span>{t('time', { ms: formatNumber(prediction.ms) })}</span>
      </h2>
      {shown.length === 0 ? (
        <p className={styles['nothing']}>{t('nothing')}</p>
      ) : (
        <table
          className={styles['table']}
          aria-label={t('table')}
          onPointerLeave={() => pointAtBox(null)}
        >
          <thead>
            <tr>
              <th scope="col">{t('class')}</th>
              <th scope="col">{t('score')}</th>
              <th scope="col">{t('box')}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ id, label, className, score, box: [x1, y1, x2, y2] }) => (
              <tr
                key={id}
                data-active={id === activeBox ? '' : undefined}
                onPointerEnter={() => pointAtBox(id)}
                onClick={() => pointAtBox(id)}
              >
                <td>
                  <span className={styles['swatch']} style={{ background: classColor(label) }} />
                  {className}
                </td>
                <td>{score.toFixed(3)}</td>
                <td>{`${Math.round(x1)}, ${Math.round(y1)} · ${Math.round(x2 - x1)} × ${Math.round(y2 - y1)}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
