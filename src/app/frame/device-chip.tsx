import type { ReactNode } from 'react';
import { useT } from '../i18n/use-t.ts';
import { selectDevice, selectEngineError } from '../store/engine-slice.ts';
import { useStore } from '../store/store-context.tsx';
import { Popover } from '../ui/popover.tsx';
import styles from './device-chip.module.css';
import { DeviceReportView } from './device-report.tsx';
import { deviceState } from './device-state.ts';

/** The GPU in a word; the button opens what the engine found out about it. */
export function DeviceChip(): ReactNode {
  const t = useT('device');
  const device = useStore(selectDevice);
  const error = useStore(selectEngineError);
  const state = deviceState(device, error);
  const name = state === 'ready' ? shortName(device?.adapter ?? '') : t(state);
  return (
    <Popover
      title={t('title')}
      trigger={
        <button
          type="button"
          className={styles['chip']}
          data-state={state}
          aria-label={t('chipLabel', { state: name })}
        >
          <span className={styles['mark']} aria-hidden="true" />
          <span className={styles['name']}>{name}</span>
        </button>
      }
    >
      <DeviceReportView device={device} error={error} state={state} />
    </Popover>
  );
}

/** `Apple M2` of `apple m2 (Apple M2)`: the driver's own name where there is one. */
function shortName(adapter: string): string {
  return /\(([^()]+)\)\s*$/u.exec(adapter)?.[1] ?? adapter;
}
