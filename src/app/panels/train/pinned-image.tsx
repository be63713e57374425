import { type ReactNode, useEffect, useMemo, useRef } from 'react';
import type { Detections } from '../../../worker/protocol.ts';
import { classColor } from '../../canvas/class-colors.ts';
import { boxAt, type DrawnBox, truthBoxes } from '../../canvas/drawn-box.ts';
import { PictureCanvas } from '../../canvas/picture-canvas.tsx';
import { useT } from '../../i18n/use-t.ts';
import type { StoredPreview } from '../../series/preview-book.ts';
import { selectClasses } from '../../store/dataset-slice.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { usePicture } from '../../store/use-picture.ts';
import { useImageInfo } from '../../store/use-visible-images.ts';
import { formatCount } from '../../ui/format.ts';
import { useElementSize } from '../../ui/use-element-size.ts';
import styles from './pinned-image.module.css';

const MAX_SIDE = 640;

/** One pinned image: its ground truth solid, the predictions of one iteration dashed over it. A click opens the image. */
export function PinnedImage(props: {
  readonly index: number;
  readonly preview: StoredPreview | undefined;
}): ReactNode {
  const { index, preview } = props;
  const t = useT('train');
  const { images } = useServices();
  const info = useImageInfo(index);
  const state = usePicture(index, MAX_SIDE);
  const classes = useStore(selectClasses);
  const scoreThr = useStore((store) => store.scoreThr);
  const openImage = useStore((store) => store.openImage);
  const frame = useRef<HTMLDivElement>(null);
  const size = useElementSize(frame);
  // The pinned images may lie in a split whose list is not loaded.
  useEffect(() => {
    void images.ensure(index);
  }, [images, index]);
  const truth = useMemo(
    () => (info === undefined ? [] : quiet(truthBoxes(info, classes))),
    [info, classes],
  );
  const predicted = useMemo(
    () => (preview === undefined ? [] : predictedBoxes(preview.detections, classes, scoreThr)),
    [preview, classes, scoreThr],
  );
  const boxes = useMemo(() => [...truth, ...predicted], [truth, predicted]);
  const picture = state.status === 'ready' ? state.picture : null;
  const name = info?.name ?? String(index);
  const words =
    preview === undefined
      ? t('pinnedNothing', { name })
      : t('pinnedLabel', { name, iter: formatCount(preview.iter), count: predicted.length });
  return (
    <button type="button" className={styles['tile']} title={words} onClick={() => openImage(index)}>
      <div ref={frame} className={styles['frame']}>
        {state.status === 'failed' ? (
          <span className={styles['missing']}>{t('pictureFailed')}</span>
        ) : (
          <PictureCanvas
            bitmap={picture?.bitmap ?? null}
            image={picture ?? { width: info?.width ?? 0, height: info?.height ?? 0 }}
            width={size.width}
            height={size.height}
            boxes={boxes}
            labels
            label={words}
          />
        )}
      </div>
      <span className={styles['caption']}>
        <span className={styles['name']}>{name}</span>
        <span data-volatile="">
          {preview === undefined
            ? t('noPredictionYet')
            : t('atIter', { iter: formatCount(preview.iter) })}
        </span>
      </span>
    </button>
  );
}

/** Ground truth without its labels: the predictions' labels say enough in a small picture. */
function quiet(boxes: readonly DrawnBox[]): DrawnBox[] {
  return boxes.map(({ id, box, color, style }) => ({ id, box, color, style }));
}

function predictedBoxes(
  { boxes, scores, labels }: Detections,
  classes: readonly { readonly name: string }[],
  scoreThr: number,
): DrawnBox[] {
  return Array.from(scores, (score, i): DrawnBox => {
    const label = labels[i] ?? -1;
    return {
      // Ids of the ground truth count from 0 too; nothing is highlighted here, so they need only be distinct.
      id: 100_000 + i,
      box: boxAt(boxes, i),
      color: classColor(label),
      style: 'prediction',
      label: `${classes[label]?.name ?? label} ${score.toFixed(2)}`,
    };
  }).filter((_, i) => (scores[i] ?? 0) >= scoreThr);
}
