import { Tabs as Base } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';
import styles from './tabs.module.css';

export interface TabsProps<V extends string> {
  readonly value: V;
  readonly onChange: (value: V) => void;
  readonly label: string;
  readonly tabs: readonly {
    readonly value: V;
    readonly label: ReactNode;
    readonly content: ReactNode;
  }[];
  /** Sits at the right end of the row of tabs. */
  readonly aside?: ReactNode;
}

/** Tabs with their panels; only the chosen panel is mounted. */
export function Tabs<V extends string>(props: TabsProps<V>): ReactNode {
  return (
    <Base.Root
      className={styles['root']}
      value={props.value}
      onValueChange={(value: unknown) => {
        const chosen = props.tabs.find((tab) => tab.value === value);
        if (chosen !== undefined) props.onChange(chosen.value);
      }}
    >
      <div className={styles['bar']}>
        <Base.List className={styles['list']} aria-label={props.label}>
          {props.tabs.map((tab) => (
            <Base.Tab key={tab.value} value={tab.value} className={styles['tab']}>
              {tab.label}
            </Base.Tab>
          ))}
        </Base.List>
        {props.aside}
      </div>
      {props.tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className={styles['panel']}>
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}
