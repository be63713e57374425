import {
  ArrowLeft,
  ChevronLeft,
  ChevronRight,
  ImageOff,
  Maximize,
  Minus,
  PanelBottomOpen,
  Plus,
  SquareDashed,
} from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { ImageInfo } from '../../../worker/protocol.ts';
import { truthBoxes } from '../../canvas/drawn-box.ts';
import { PictureViewer, type ViewerHandle } from '../../canvas/picture-viewer.tsx';
import { type AppCommand, runCommand } from '../../commands/registry.ts';
import { useCommands } from '../../commands/use-commands.ts';
import { useT } from '../../i18n/use-t.ts';
import { selectClasses } from '../../store/dataset-slice.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { usePicture } from '../../store/use-picture.ts';
import { useImageInfo, useVisibleImages } from '../../store/use-visible-images.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { formatCount } from '../../ui/format.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { useIsNarrow } from '../../ui/use-media.ts';
import styles from './image-view.module.css';

/** One image, as large as there is room. */
export function ImageView(props: { readonly onDetails: () => void }): ReactNode {
  const { images } = useServices();
  const index = useStore((state) => state.imageIndex);
  const image = useImageInfo(index);
  const viewer = useRef<ViewerHandle>(null);
  useViewerCommands(viewer);
  useEffect(() => {
    // An image of another split, by a link or a problem: its boxes have not been listed yet. A failure shows at the picture.
    if (index !== null && image === undefined) void images.ensure(index).catch(() => undefined);
  }, [images, index, image]);
  return (
    <div className={styles['root']}>
      <Bar image={image} viewer={viewer} onDetails={props.onDetails} />
      <div className={styles['stage']}>
        {image === undefined ? null : <Stage key={image.index} image={image} viewer={viewer} />}
      </div>
    </div>
  );
}

function Stage(props: {
  readonly image: ImageInfo;
  readonly viewer: React.RefObject<ViewerHandle | null>;
}): ReactNode {
  const { image, viewer } = props;
  const t = useT('data');
  const classes = useStore(selectClasses);
  const boxesShown = useStore((state) => state.boxesShown);
  const activeBox = useStore((state) => state.activeBox);
  const pointAtBox = useStore((state) => state.pointAtBox);
  const [picked, setPicked] = useState<number | null>(null);
  const full = usePicture(image.index, 0);
  const small = usePicture(image.index, 256);
  const shown = full.status === 'ready' ? full : small.status === 'ready' ? small : null;
  const boxes = useMemo(
    () => (boxesShown ? truthBoxes(image, classes) : []),
    [image, classes, boxesShown],
  );
  const size = useMemo(
    () =>
      shown === null
        ? { width: image.width, height: image.height }
        : { width: shown.picture.width, height: shown.picture.height },
    [shown, image],
  );
  if (image.missing) return <EmptyState icon={ImageOff} title={t('missing')} text={image.name} />;
  if (full.status === 'failed') return <ErrorState layout="page" error={full.error} />;
  const damage = full.status === 'ready' ? full.picture.damage : undefined;
  return (
    <>
      <PictureViewer
        ref={viewer}
        bitmap={shown?.picture.bitmap ?? null}
        image={size}
        boxes={boxes}
        activeId={activeBox}
        onHover={(id) => pointAtBox(id ?? picked)}
        onPick={(id) => {
          setPicked(id);
          pointAtBox(id);
        }}
        label={t('viewer', { name: image.name })}
      />
      {full.status === 'loading' ? (
        <div className={styles['loading']}>
          <ProgressLine label={t('viewer', { name: image.name })} value={0} max={0} />
        </div>
      ) : null}
      {damage === undefined ? null : <p className={styles['damage']}>{t('damage', { damage })}</p>}
    </>
  );
}

function Bar(props: {
  readonly image: ImageInfo | undefined;
  readonly viewer: React.RefObject<ViewerHandle | null>;
  readonly onDetails: () => void;
}): ReactNode {
  const { image, viewer, onDetails } = props;
  const t = useT('data');
  const narrow = useIsNarrow();
  const visible = useVisibleImages();
  const boxesShown = useStore((state) => state.boxesShown);
  const toggleBoxes = useStore((state) => state.toggleBoxes);
  const closeViewer = useStore((state) => state.closeViewer);
  const at = visible.findIndex(({ index }) => index === image?.index);
  return (
    <div className={styles['bar']}>
      <IconButton label={t('back')} hint="Escape" onClick={closeViewer}>
        <ArrowLeft size={16} />
      </IconButton>
      <h2 className={styles['name']}>{image?.name ?? ''}</h2>
      <div className={styles['tools']}>
        {at < 0 ? null : (
          <span className={styles['position']}>
            {t('position', { at: formatCount(at + 1), total: formatCount(visible.length) })}
          </span>
        )}
        <IconButton label={t('previous')} hint="K" onClick={() => runCommand('image.previous')}>
          <ChevronLeft size={18} />
        </IconButton>
        <IconButton label={t('next')} hint="J" onClick={() => runCommand('image.next')}>
          <ChevronRight size={18} />
        </IconButton>
        <span className={styles['gap']} />
        <IconButton label={t('toggleBoxes')} hint="T" pressed={boxesShown} onClick={toggleBoxes}>
          <SquareDashed size={16} />
        </IconButton>
        {narrow ? null : (
          <>
            <IconButton
              label={t('zoomOut')}
              hint="-"
              onClick={() => viewer.current?.zoom(1 / ZOOM_STEP)}
            >
              <Minus size={16} />
            </IconButton>
            <IconButton
              label={t('zoomIn')}
              hint="+"
              onClick={() => viewer.current?.zoom(ZOOM_STEP)}
            >
              <Plus size={16} />
            </IconButton>
          </>
        )}
        <IconButton label={t('fit')} hint="0" onClick={() => viewer.current?.fit()}>
          <Maximize size={15} />
        </IconButton>
        {narrow ? (
          <IconButton label={t('details')} data-details="" onClick={onDetails}>
            <PanelBottomOpen size={16} />
          </IconButton>
        ) : null}
      </div>
    </div>
  );
}

const ZOOM_STEP = 1.4;

function useViewerCommands(viewer: React.RefObject<ViewerHandle | null>): void {
  const words = useT('commands');
  const commands = useMemo((): readonly AppCommand[] => {
    const view = (
      id: string,
      title: string,
      keys: readonly string[],
      run: () => void,
    ): AppCommand => ({
      id,
      group: 'image',
      title,
      keys,
      keysOnly: true,
      run,
    });
    return [
      view('view.zoomIn', words('zoomIn'), ['+', '='], () => viewer.current?.zoom(ZOOM_STEP)),
      view('view.zoomOut', words('zoomOut'), ['-'], () => viewer.current?.zoom(1 / ZOOM_STEP)),
      view('view.fit', words('fit'), ['0'], () => viewer.current?.fit()),
    ];
  }, [words, viewer]);
  useCommands(commands);
}
