import { useVirtualizer } from '@tanstack/react-virtual';
import { ImageOff } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef } from 'react';
import type { ImageInfo } from '../../../worker/protocol.ts';
import { useT } from '../../i18n/use-t.ts';
import { selectClasses, selectDataset } from '../../store/dataset-slice.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { useImageList, useVisibleImages } from '../../store/use-visible-images.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { useElementSize } from '../../ui/use-element-size.ts';
import { useIsNarrow } from '../../ui/use-media.ts';
import styles from './grid.module.css';
import { type GridLayout, gridLayout } from './grid-layout.ts';
import { Thumbnail } from './thumbnail.tsx';
import { useThumbSize } from './use-thumb-size.ts';

/** The images of the split that hold the chosen class; only the rows in sight exist. */
export function Grid(): ReactNode {
  const t = useT('data');
  const { images } = useServices();
  const visible = useVisibleImages();
  const list = useImageList();
  const dataset = useStore(selectDataset);
  const split = useStore((state) => state.split);
  if (images.error !== null) {
    const retry = (): void => {
      if (dataset !== null)
        void images.load(split, split === '' ? dataset.numImages : (dataset.splits[split] ?? 0));
    };
    return (
      <ErrorState
        layout="page"
        error={images.error}
        action={<Button onClick={retry}>{t('showAllImages')}</Button>}
      />
    );
  }
  if (visible.length === 0 && !images.loading)
    return <NothingHere listIsEmpty={list.length === 0} />;
  return <Rows visible={visible} />;
}

function Rows({ visible }: { readonly visible: readonly ImageInfo[] }): ReactNode {
  const t = useT('data');
  const scroller = useRef<HTMLDivElement>(null);
  const { width } = useElementSize(scroller);
  const narrow = useIsNarrow();
  const [size] = useThumbSize();
  const layout = useMemo(
    () => gridLayout({ width, wanted: narrow ? Math.min(size, 150) : size, images: visible }),
    [width, size, narrow, visible],
  );
  const imageIndex = useStore((state) => state.imageIndex);
  const at = visible.findIndex(({ index }) => index === imageIndex);
  const { columns, cellHeight, gap } = layout;
  // oxlint-disable-next-line react/incompatible-library -- the rule is about React Compiler, which is not in use here
  const virtualizer = useVirtualizer({
    count: width === 0 ? 0 : Math.ceil(visible.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => cellHeight + gap,
    overscan: 2,
    paddingStart: 12,
    paddingEnd: 12,
  });
  useEffect(() => {
    virtualizer.measure();
  }, [virtualizer, cellHeight, gap]);
  useEffect(() => {
    if (at >= 0 && width > 0)
      virtualizer.scrollToIndex(Math.floor(at / columns), { align: 'auto' });
  }, [virtualizer, at, columns, width]);
  const onKeyDown = useGridKeys(visible, at, columns);
  return (
    <div ref={scroller} className={styles['scroller']}>
      <div
        role="list"
        aria-label={t('grid')}
        className={styles['canvas']}
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={onKeyDown}
      >
        {virtualizer.getVirtualItems().map((row) => (
          <Row
            key={row.key}
            top={row.start}
            layout={layout}
            images={visible.slice(row.index * columns, (row.index + 1) * columns)}
            tabStop={at >= 0 ? (visible[at]?.index ?? -1) : (visible[0]?.index ?? -1)}
          />
        ))}
      </div>
    </div>
  );
}

function Row(props: {
  readonly top: number;
  readonly layout: GridLayout;
  readonly images: readonly ImageInfo[];
  /** Index of the one image that Tab reaches. */
  readonly tabStop: number;
}): ReactNode {
  const { layout, images, tabStop, top } = props;
  const classes = useStore(selectClasses);
  const imageIndex = useStore((state) => state.imageIndex);
  const classFilter = useStore((state) => state.classFilter);
  const boxesShown = useStore((state) => state.boxesShown);
  const openImage = useStore((state) => state.openImage);
  return (
    <div
      role="presentation"
      className={styles['row']}
      style={{ transform: `translateY(${top}px)`, gap: layout.gap }}
    >
      {images.map((image) => (
        <Thumbnail
          key={image.index}
          image={image}
          classes={classes}
          onlyClass={classFilter}
          boxesShown={boxesShown}
          width={layout.cellWidth}
          height={layout.pictureHeight}
          selected={image.index === imageIndex}
          tabIndex={image.index === tabStop ? 0 : -1}
          onOpen={openImage}
        />
      ))}
    </div>
  );
}

/** Up and down step by a row; left and right are commands of the whole app. */
function useGridKeys(
  visible: readonly ImageInfo[],
  at: number,
  columns: number,
): (event: KeyboardEvent) => void {
  const selectImage = useStore((state) => state.selectImage);
  return (event) => {
    const step = event.key === 'ArrowDown' ? columns : event.key === 'ArrowUp' ? -columns : 0;
    const next = visible[at < 0 ? 0 : at + step];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    selectImage(next.index);
  };
}

function NothingHere({ listIsEmpty }: { readonly listIsEmpty: boolean }): ReactNode {
  const t = useT('data');
  const classes = useStore(selectClasses);
  const classFilter = useStore((state) => state.classFilter);
  const filterByClass = useStore((state) => state.filterByClass);
  const chooseSplit = useStore((state) => state.chooseSplit);
  if (listIsEmpty) {
    const action = <Button onClick={() => chooseSplit('')}>{t('showAllImages')}</Button>;
    return <EmptyState icon={ImageOff} title={t('noneInSplit')} action={action} />;
  }
  const name = classes[classFilter ?? -1]?.name ?? '';
  const action = <Button onClick={() => filterByClass(null)}>{t('showAllClasses')}</Button>;
  return <EmptyState icon={ImageOff} title={t('noneOfClass', { name })} action={action} />;
}
