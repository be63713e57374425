import { Menu } from '@base-ui/react/menu';
import { Ellipsis } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../i18n/use-t.ts';
import { IconButton } from '../ui/icon-button.tsx';
import styles from './chart-menu.module.css';

export interface ChartMenuProps {
  readonly metric: string;
  readonly log: boolean;
  readonly onLog: (log: boolean) => void;
  readonly onPng: () => void;
  readonly onSvg: () => void;
  readonly onCsv: () => void;
  readonly onTable: () => void;
}

/** What can be done with one chart. */
export function ChartMenu(props: ChartMenuProps): ReactNode {
  const t = useT('charts');
  const items = [
    ['table', props.onTable],
    ['png', props.onPng],
    ['svg', props.onSvg],
    ['csv', props.onCsv],
  ] as const;
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger
        render={
          <IconButton label={t('menu', { metric: props.metric })}>
            <Ellipsis size={16} />
          </IconButton>
        }
      />
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className={styles['positioner']}>
          <Menu.Popup className={styles['menu']}>
            <Menu.CheckboxItem
              className={styles['item']}
              checked={props.log}
              onCheckedChange={props.onLog}
            >
              <span className={styles['check']}>
                <Menu.CheckboxItemIndicator>✓</Menu.CheckboxItemIndicator>
              </span>
              {t('log')}
            </Menu.CheckboxItem>
            <Menu.Separator className={styles['separator']} />
            {items.map(([name, run]) => (
              <Menu.Item key={name} className={styles['item']} onClick={run}>
                <span className={styles['check']} />
                {t(name)}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
