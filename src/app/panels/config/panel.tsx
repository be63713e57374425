import { type ReactNode, useState } from 'react';
import { Group, Panel, Separator } from 'react-resizable-panels';
import { useT } from '../../i18n/use-t.ts';
import { selectConfig } from '../../store/config-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { useMedia } from '../../ui/use-media.ts';
import { ConfigForm } from './config-form.tsx';
import { ConfigHead } from './config-head.tsx';
import { ConfigNotices } from './config-notices.tsx';
import { MergedPane, TextPane } from './editor-panes.tsx';
import { NoConfig } from './no-config.tsx';
import styles from './panel.module.css';

type View = 'form' | 'text' | 'merged';

/** The Config place: the same config as a form, as text, and merged. */
export function ConfigPanel(): ReactNode {
  const config = useStore(selectConfig);
  const wide = useMedia('(min-width: 1200px)');
  const middle = useMedia('(min-width: 768px)');
  if (config === null) return <NoConfig />;
  return (
    <div className={styles['panel']}>
      <ConfigHead />
      <ConfigNotices />
      <div className={styles['work']}>
        {wide ? <SideBySide views={3} /> : middle ? <SideBySide views={2} /> : <Narrow />}
      </div>
    </div>
  );
}

/** Form and text beside each other; where there is room, the merged config too. */
function SideBySide({ views }: { readonly views: 2 | 3 }): ReactNode {
  const t = useT('config');
  return (
    <Group orientation="horizontal" className={styles['group']}>
      <Panel defaultSize={360} minSize={280}>
        <section className={styles['column']} aria-label={t('form')}>
          <h2 className={styles['title']}>{t('form')}</h2>
          <div className={styles['form']}>
            <ConfigForm />
          </div>
        </section>
      </Panel>
      <Separator className={styles['separator']} aria-label={t('resizeForm')} />
      <Panel minSize={280}>
        <section className={styles['column']} aria-label={t('text')}>
          <h2 className={styles['title']}>
            {t('text')} <span className={styles['note']}>{t('textNote')}</span>
          </h2>
          <TextPane />
        </section>
      </Panel>
      {views === 3 ? (
        <>
          <Separator className={styles['separator']} aria-label={t('resizeMerged')} />
          <Panel defaultSize="36%" minSize={240}>
            <section className={styles['column']} aria-label={t('merged')}>
              <h2 className={styles['title']}>
                {t('merged')} <span className={styles['note']}>{t('mergedNote')}</span>
              </h2>
              <MergedPane />
            </section>
          </Panel>
        </>
      ) : null}
    </Group>
  );
}

function Narrow(): ReactNode {
  const t = useT('config');
  const [view, setView] = useState<View>('form');
  return (
    <Tabs<View>
      label={t('views')}
      value={view}
      onChange={setView}
      tabs={[
        { value: 'form', label: t('form'), content: <ConfigForm /> },
        { value: 'text', label: t('text'), content: <TextPane /> },
        { value: 'merged', label: t('merged'), content: <MergedPane /> },
      ]}
    />
  );
}
