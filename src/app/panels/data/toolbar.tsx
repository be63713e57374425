import { FolderOpen, PanelBottomOpen } from 'lucide-react';
import type { ReactNode } from 'react';
import { runCommand } from '../../commands/registry.ts';
import { useT } from '../../i18n/use-t.ts';
import { selectClasses, selectDataset } from '../../store/dataset-slice.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { useImageList, useVisibleImages } from '../../store/use-visible-images.ts';
import { Button } from '../../ui/button.tsx';
import { formatCount } from '../../ui/format.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { Select } from '../../ui/select.tsx';
import { Slider } from '../../ui/slider.tsx';
import { useIsNarrow } from '../../ui/use-media.ts';
import styles from './toolbar.module.css';
import { useThumbSize } from './use-thumb-size.ts';

/** Which images the grid shows, and how large. */
export function Toolbar(props: { readonly onDetails: () => void }): ReactNode {
  const t = useT('data');
  const narrow = useIsNarrow();
  const [size, setSize] = useThumbSize();
  return (
    <div className={styles['bar']}>
      <SplitSelect />
      <ClassSelect />
      <Count />
      {narrow ? (
        <IconButton label={t('details')} data-details="" onClick={props.onDetails}>
          <PanelBottomOpen size={16} />
        </IconButton>
      ) : (
        <>
          <div className={styles['size']}>
            <Slider
              aria-label={t('thumbSize')}
              min={96}
              max={360}
              step={8}
              value={size}
              onChange={setSize}
            />
          </div>
          <Button variant="quiet" onClick={() => runCommand('data.openFolder')}>
            <FolderOpen size={15} aria-hidden="true" /> {t('openOther')}
          </Button>
        </>
      )}
    </div>
  );
}

function SplitSelect(): ReactNode {
  const t = useT('data');
  const dataset = useStore(selectDataset);
  const split = useStore((state) => state.split);
  const chooseSplit = useStore((state) => state.chooseSplit);
  if (dataset === null) return null;
  const options = Object.entries(dataset.splits).map(([name, count]) => ({
    value: name,
    label: `${name} · ${formatCount(count)}`,
  }));
  return (
    <Select
      aria-label={t('split')}
      className={styles['select']}
      value={split}
      options={[
        ...options,
        { value: '', label: `${t('splitAll')} · ${formatCount(dataset.numImages)}` },
      ]}
      onChange={chooseSplit}
    />
  );
}

function ClassSelect(): ReactNode {
  const t = useT('data');
  const classes = useStore(selectClasses);
  const classFilter = useStore((state) => state.classFilter);
  const filterByClass = useStore((state) => state.filterByClass);
  return (
    <Select
      aria-label={t('class')}
      className={styles['select']}
      value={classFilter === null ? '' : String(classFilter)}
      options={[
        { value: '', label: t('classAll') },
        ...classes.map(({ name, count }, label) => ({
          value: String(label),
          label: `${name} · ${formatCount(count)}`,
        })),
      ]}
      onChange={(value) => filterByClass(value === '' ? null : Number(value))}
    />
  );
}

function Count(): ReactNode {
  const t = useT('data');
  const { images } = useServices();
  const list = useImageList();
  const visible = useVisibleImages();
  const filtered = useStore((state) => state.classFilter !== null);
  const words = images.loading
    ? t('imagesLoading', { loaded: formatCount(list.length), total: formatCount(images.total) })
    : filtered
      ? t('imagesOfClass', { count: visible.length, total: formatCount(list.length) })
      : t('images', { count: list.length });
  return (
    <p className={styles['count']} role="status">
      {words}
    </p>
  );
}
