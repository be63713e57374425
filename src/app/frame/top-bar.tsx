import { CircleHelp, Monitor, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import { useT } from '../i18n/use-t.ts';
import { selectDataset } from '../store/dataset-slice.ts';
import type { ThemeChoice } from '../store/settings-slice.ts';
import { useStore } from '../store/store-context.tsx';
import { useImageInfo } from '../store/use-visible-images.ts';
import { selectImageIndex, selectPlace } from '../store/view-slice.ts';
import { IconButton } from '../ui/icon-button.tsx';
import { DeviceChip } from './device-chip.tsx';
import styles from './top-bar.module.css';
import { NEXT_THEME } from './use-app-commands.ts';

const THEME_ICONS = { system: Monitor, light: Sun, dark: Moon } as const satisfies Record<
  ThemeChoice,
  unknown
>;

/** Where one is, and what concerns the whole app. */
export function TopBar(): ReactNode {
  const t = useT('frame');
  const place = useStore(selectPlace);
  const theme = useStore((state) => state.theme);
  const chooseTheme = useStore((state) => state.chooseTheme);
  const language = useStore((state) => state.language);
  const chooseLanguage = useStore((state) => state.chooseLanguage);
  const showHelp = useStore((state) => state.showHelp);
  const ThemeIcon = THEME_ICONS[theme];
  const other = language === 'en' ? 'zh-Hans' : 'en';
  return (
    <header className={styles['bar']}>
      <h1 className={styles['place']}>{t(`place.${place}`)}</h1>
      <Crumbs />
      <div className={styles['end']}>
        <DeviceChip />
        <button
          type="button"
          className={styles['language']}
          lang={other}
          aria-label={t('switchLanguage')}
          onClick={() => chooseLanguage(other)}
        >
          {t('languageName')}
        </button>
        <IconButton label={t(`theme.${theme}`)} onClick={() => chooseTheme(NEXT_THEME[theme])}>
          <ThemeIcon size={16} />
        </IconButton>
        <IconButton
          label={t('help')}
          hint="?"
          className={styles['help']}
          onClick={() => showHelp(true)}
        >
          <CircleHelp size={16} />
        </IconButton>
      </div>
    </header>
  );
}

/** dataset ▸ split ▸ image */
function Crumbs(): ReactNode {
  const t = useT('frame');
  const dataset = useStore(selectDataset);
  const split = useStore((state) => state.split);
  const imageIndex = useStore(selectImageIndex);
  const image = useImageInfo(imageIndex);
  if (dataset === null) return <div className={styles['crumbs']} />;
  const crumbs = [dataset.name, split === '' ? t('allImages') : split];
  if (image !== undefined) crumbs.push(image.name);
  return (
    <ol className={styles['crumbs']}>
      {crumbs.map((crumb, position) => (
        <li key={`${position}${crumb}`}>{crumb}</li>
      ))}
    </ol>
  );
}
