import { Check, X } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ErrorDetails } from '../../base/errors.ts';
import { useT } from '../i18n/use-t.ts';
import { useStore } from '../store/store-context.tsx';
import type { DeviceReport, SelfTestReport } from '../../worker/protocol.ts';
import { Button } from '../ui/button.tsx';
import { ErrorState } from '../ui/error-state.tsx';
import { formatBytes, formatNumber } from '../ui/format.ts';
import styles from './device-report.module.css';
import type { DeviceState } from './device-state.ts';

export interface DeviceReportViewProps {
  readonly device: DeviceReport | null;
  readonly error: ErrorDetails | null;
  readonly state: DeviceState;
}

/** What the engine found out about the GPU, what the self-test said, and what to do when something is amiss. */
export function DeviceReportView({ device, error, state }: DeviceReportViewProps): ReactNode {
  const t = useT('device');
  const ui = useT('ui');
  const connect = useStore((store) => store.connectEngine);
  const retry = <Button onClick={() => void connect()}>{ui('tryAgain')}</Button>;
  if (error !== null)
    return (
      <Block>
        <ErrorState error={error} action={retry} />
      </Block>
    );
  if (device === null) return <Block>{t('checking')}</Block>;
  if (!device.available) {
    return (
      <Block>
        {device.problem === undefined ? null : <ErrorState error={device.problem} action={retry} />}
        <p className={styles['note']}>{t('stillUsable')}</p>
      </Block>
    );
  }
  return (
    <Block>
      {state === 'software' ? <p className={styles['warn']}>{t('softwareNote')}</p> : null}
      {state === 'wrong' ? <p className={styles['danger']}>{t('wrongNote')}</p> : null}
      <Facts device={device} />
      <SelfTest report={device.selfTest} />
    </Block>
  );
}

function Block(props: { readonly children: ReactNode }): ReactNode {
  return <div className={styles['block']}>{props.children}</div>;
}

function Facts({ device }: { readonly device: DeviceReport }): ReactNode {
  const t = useT('device');
  const largest = device.limits['maxBufferSize'];
  return (
    <dl className={styles['facts']}>
      <dt>{t('adapter')}</dt>
      <dd>{device.adapter}</dd>
      <dt>{t('architecture')}</dt>
      <dd>{[device.vendor, device.architecture].filter((part) => part !== '').join(' · ')}</dd>
      <dt>{t('features')}</dt>
      <dd>{device.features.length === 0 ? t('noFeatures') : device.features.join(', ')}</dd>
      {largest === undefined ? null : (
        <>
          <dt>{t('maxBuffer')}</dt>
          <dd>{formatBytes(largest)}</dd>
        </>
      )}
    </dl>
  );
}

function SelfTest({ report }: { readonly report: SelfTestReport }): ReactNode {
  const t = useT('device');
  const total = report.passed + report.failed;
  return (
    <section>
      <h3 className={styles['heading']}>
        {t('selfTest')}
        <span>
          {report.failed === 0
            ? t('selfTestPassed', { passed: report.passed, total })
            : t('selfTestFailed', { failed: report.failed, total })}
        </span>
      </h3>
      <table className={styles['cases']}>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{t('result')}</th>
            <th scope="col">{t('case')}</th>
            <th scope="col">ms</th>
          </tr>
        </thead>
        <tbody>
          {report.cases.map(({ name, ok, detail, ms }) => (
            <tr key={name} data-ok={ok}>
              <td>
                {ok ? (
                  <Check size={14} aria-label={t('passed')} />
                ) : (
                  <X size={14} aria-label={t('failed')} />
                )}
              </td>
              <td>
                {name}
                {ok ? null : <div className={styles['detail']}>{detail}</div>}
              </td>
              <td>{formatNumber(ms)} ms</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
