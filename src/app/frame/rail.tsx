import type { ReactNode } from 'react';
import { useT } from '../i18n/use-t.ts';
import { PLACES } from '../panels/list.ts';
import { useStore } from '../store/store-context.tsx';
import { selectPlace } from '../store/view-slice.ts';
import styles from './rail.module.css';

/** The places: at the left, or at the bottom on narrow screens. */
export function Rail(): ReactNode {
  const t = useT('frame');
  const place = useStore(selectPlace);
  const goTo = useStore((state) => state.goTo);
  return (
    <nav className={styles['rail']} aria-label={t('places')}>
      {PLACES.map(({ id, icon: Icon, key }) => (
        <button
          key={id}
          type="button"
          className={styles['place']}
          aria-current={id === place ? 'page' : undefined}
          aria-keyshortcuts={`g ${key}`}
          onClick={() => goTo(id)}
        >
          <Icon size={20} strokeWidth={1.6} aria-hidden="true" />
          <span>{t(`place.${id}`)}</span>
        </button>
      ))}
    </nav>
  );
}
