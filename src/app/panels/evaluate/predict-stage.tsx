import { ImagePlus } from 'lucide-react';
import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import { PictureViewer, type ViewerHandle } from '../../canvas/picture-viewer.tsx';
import type { AppCommand } from '../../commands/registry.ts';
import { useCommands } from '../../commands/use-commands.ts';
import type { PictureState } from '../../images/picture-cache.ts';
import { useT } from '../../i18n/use-t.ts';
import type { PredictImage } from '../../store/predict-slice.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { useImageInfo } from '../../store/use-visible-images.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { ProgressLine } from '../../ui/progress-line.tsx';
import styles from './predict-stage.module.css';
import { drawnDetection, useShownDetections } from './use-drawn-detections.ts';
import { useDatasetPicture, useFilePicture } from './use-predict-picture.ts';

/** The image with what was found in it. Follows the image that is selected elsewhere, until a file is chosen. */
export function PredictStage(): ReactNode {
  const t = useT('evaluate');
  const { images } = useServices();
  const image = useStore((state) => state.predictImage);
  const selected = useStore((state) => state.imageIndex);
  const hasData = useStore((state) => state.dataset !== null);
  const selectImage = useStore((state) => state.selectImage);
  useFollowSelection();
  if (image === null) {
    const first = images.list[0]?.index;
    return (
      <EmptyState
        icon={ImagePlus}
        title={t('noImage')}
        text={t('noImageText')}
        action={
          hasData && selected === null && first !== undefined ? (
            <Button onClick={() => selectImage(first)}>{t('takeFirst')}</Button>
          ) : undefined
        }
      />
    );
  }
  return image.kind === 'file' ? <OnFile file={image.file} /> : <OnDataset index={image.index} />;
}

/** The image that is selected in any place is the image here; choosing a file holds until another is selected. */
function useFollowSelection(): void {
  const { store } = useServices();
  const selected = useStore((state) => state.imageIndex);
  useEffect(() => {
    const { predictImage, predictOn, prediction } = store.getState();
    if (selected === null) return;
    const isSame = predictImage?.kind === 'dataset' && predictImage.index === selected;
    if (isSame && prediction !== null) return;
    // A file that was dropped stays when one only comes back to this place.
    if (predictImage?.kind === 'file' && prediction?.image === predictImage) return;
    void predictOn({ kind: 'dataset', index: selected });
  }, [store, selected]);
  useEffect(() => {
    return store.subscribe((state, before) => {
      if (state.imageIndex === before.imageIndex || state.imageIndex === null) return;
      if (state.predictImage?.kind === 'file')
        void state.predictOn({ kind: 'dataset', index: state.imageIndex });
    });
  }, [store]);
}

function OnFile({ file }: { readonly file: File }): ReactNode {
  const picture = useFilePicture(file);
  return <Stage name={file.name} picture={picture} />;
}

function OnDataset({ index }: { readonly index: number }): ReactNode {
  const picture = useDatasetPicture(index);
  const info = useImageInfo(index);
  return <Stage name={info?.name ?? String(index)} picture={picture} />;
}

function Stage(props: { readonly name: string; readonly picture: PictureState }): ReactNode {
  const { name, picture } = props;
  const t = useT('evaluate');
  const phase = useStore((state) => state.predictPhase);
  const error = useStore((state) => state.predictError);
  const image = useStore((state) => state.predictImage);
  const prediction = useStore((state) => state.prediction);
  const predictOn = useStore((state) => state.predictOn);
  const activeBox = useStore((state) => state.activeBox);
  const pointAtBox = useStore((state) => state.pointAtBox);
  const shown = useShownDetections();
  const viewer = useRef<ViewerHandle>(null);
  useStageCommands(viewer);
  const isCurrent = prediction !== null && image !== null && sameImage(prediction.image, image);
  const boxes = useMemo(() => (isCurrent ? shown.map(drawnDetection) : []), [isCurrent, shown]);
  const size = useMemo(
    () =>
      picture.status === 'ready'
        ? { width: picture.picture.width, height: picture.picture.height }
        : NO_SIZE,
    [picture],
  );
  if (picture.status === 'failed') {
    return (
      <ErrorState
        layout="page"
        error={{ ...picture.error, what: t('unreadableImage'), why: picture.error.what }}
      />
    );
  }
  return (
    <>
      <PictureViewer
        ref={viewer}
        key={name}
        bitmap={picture.status === 'ready' ? picture.picture.bitmap : null}
        image={size}
        boxes={boxes}
        activeId={activeBox}
        onHover={pointAtBox}
        onPick={pointAtBox}
        label={t('picture', { name })}
      />
      {phase === 'working' || picture.status === 'loading' ? (
        <div className={styles['working']} role="status">
          <ProgressLine label={t('working')} value={0} max={0} />
          <span>{t('working')}</span>
        </div>
      ) : null}
      {error === null || image === null ? null : (
        <div className={styles['error']}>
          <ErrorState
            error={error}
            action={<Button onClick={() => void predictOn(image)}>{t('retry')}</Button>}
          />
        </div>
      )}
    </>
  );
}

const NO_SIZE = { width: 0, height: 0 };

function sameImage(a: PredictImage, b: PredictImage): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.file === b.file;
  return b.kind === 'dataset' && a.index === b.index;
}

function useStageCommands(viewer: React.RefObject<ViewerHandle | null>): void {
  const words = useT('commands');
  const commands = useMemo((): readonly AppCommand[] => {
    const make = (
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
      make('view.zoomIn', words('zoomIn'), ['+', '='], () => viewer.current?.zoom(1.4)),
      make('view.zoomOut', words('zoomOut'), ['-'], () => viewer.current?.zoom(1 / 1.4)),
      make('view.fit', words('fit'), ['0'], () => viewer.current?.fit()),
    ];
  }, [words, viewer]);
  useCommands(commands);
}
