import type { ReactNode } from 'react';
import { runCommand } from '../../commands/registry.ts';
import { classColor } from '../../canvas/class-colors.ts';
import { useT } from '../../i18n/use-t.ts';
import { selectDataset } from '../../store/dataset-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import type { DatasetSummary } from '../../../worker/protocol.ts';
import { Button } from '../../ui/button.tsx';
import { formatCount } from '../../ui/format.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import styles from './facts.module.css';

const FORMATS = { voc: 'Pascal VOC', coco: 'COCO', sample: 'Anchorage sample' } as const;

/** The dataset in numbers; a click on a class shows its images. */
export function DatasetFacts(): ReactNode {
  const t = useT('data');
  const dataset = useStore(selectDataset);
  if (dataset === null) return null;
  return (
    <div className={styles['root']}>
      <dl className={styles['facts']}>
        <dt>{t('format')}</dt>
        <dd>{FORMATS[dataset.format]}</dd>
        <dt>{t('evidence')}</dt>
        <dd lang="en">{dataset.evidence}</dd>
        <dt>{t('annotations')}</dt>
        <dd>{formatCount(dataset.numAnnotations)}</dd>
        <dt>{t('splits')}</dt>
        <dd>
          <Splits dataset={dataset} />
        </dd>
      </dl>
      <ClassBars classes={dataset.classes} />
      {dataset.format === 'sample' ? <Export /> : null}
      {dataset.licence === undefined ? null : (
        <details className={styles['licence']}>
          <summary>{t('licence', { name: dataset.licence.name })}</summary>
          <p>
            {t('licenceSource')}:{' '}
            <a href={dataset.licence.source} target="_blank" rel="noreferrer">
              {dataset.licence.source.replace('https://', '')}
            </a>
          </p>
          <pre lang="en" tabIndex={0}>
            {dataset.licence.text}
          </pre>
        </details>
      )}
    </div>
  );
}

function Splits({ dataset }: { readonly dataset: DatasetSummary }): ReactNode {
  const t = useT('data');
  return (
    <ul>
      {Object.entries(dataset.splits).map(([name, count]) => (
        <li key={name}>
          {name} · {formatCount(count)}{' '}
          <span className={styles['quiet']}>
            {[
              name === dataset.trainSplit ? t('usedForTraining') : '',
              name === dataset.valSplit ? t('usedForEvaluation') : '',
            ]
              .filter((word) => word !== '')
              .join(', ')}
          </span>
        </li>
      ))}
    </ul>
  );
}

function ClassBars({ classes }: { readonly classes: DatasetSummary['classes'] }): ReactNode {
  const t = useT('data');
  const classFilter = useStore((state) => state.classFilter);
  const filterByClass = useStore((state) => state.filterByClass);
  const largest = Math.max(1, ...classes.map(({ count }) => count));
  const order = classes.map((one, label) => ({ ...one, label })).sort((a, b) => b.count - a.count);
  return (
    <section>
      <h2 className={styles['heading']}>
        {t('classes')} <span>{classes.length}</span>
      </h2>
      <ul className={styles['bars']}>
        {order.map(({ name, count, label }) => (
          <li key={label}>
            <button
              type="button"
              className={styles['bar']}
              aria-pressed={classFilter === label}
              aria-label={`${t('onlyClass', { name })}, ${t('boxes', { count })}`}
              onClick={() => filterByClass(classFilter === label ? null : label)}
            >
              <span className={styles['swatch']} style={{ background: classColor(label) }} />
              <span className={styles['class']}>{name}</span>
              <span className={styles['track']}>
                <span
                  style={{ width: `${(100 * count) / largest}%`, background: classColor(label) }}
                />
              </span>
              <span className={styles['number']}>{formatCount(count)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Export(): ReactNode {
  const t = useT('data');
  const progress = useStore((state) => state.datasetProgress);
  const exporting = progress?.task === 'exporting';
  const words = exporting
    ? t('exporting', { done: formatCount(progress.done), total: formatCount(progress.total) })
    : '';
  return (
    <section className={styles['export']}>
      <h2 className={styles['heading']}>{t('export')}</h2>
      <div>
        <Button disabled={exporting} onClick={() => runCommand('data.exportVoc')}>
          {t('exportVoc')}
        </Button>
        <Button disabled={exporting} onClick={() => runCommand('data.exportCoco')}>
          {t('exportCoco')}
        </Button>
      </div>
      {exporting ? (
        <>
          <p role="status">{words}</p>
          <ProgressLine label={words} value={progress.done} max={progress.total} />
        </>
      ) : null}
    </section>
  );
}
