import { Check } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { type ErrorDetails, errorDetails } from '../../../base/errors.ts';
import type { ImageInfo } from '../../../worker/protocol.ts';
import { PictureCanvas } from '../../canvas/picture-canvas.tsx';
import { useT } from '../../i18n/use-t.ts';
import { selectDataset } from '../../store/dataset-slice.ts';
import { MAX_PINNED } from '../../store/run-slice.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { usePicture } from '../../store/use-picture.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorState } from '../../ui/error-state.tsx';
import { formatCount } from '../../ui/format.ts';
import { ProgressLine } from '../../ui/progress-line.tsx';
import { Sheet } from '../../ui/sheet.tsx';
import { useIsNarrow } from '../../ui/use-media.ts';
import styles from './pin-picker.module.css';

const PAGE = 48;

/** Chooses the images that are predicted again and again while training, from the validation split. */
export function PinPicker({ onClose }: { readonly onClose: () => void }): ReactNode {
  const t = useT('train');
  const ui = useT('ui');
  const narrow = useIsNarrow();
  const dataset = useStore(selectDataset);
  const pinned = useStore((state) => state.pinned);
  const pinImages = useStore((state) => state.pinImages);
  const split = dataset?.valSplit ?? '';
  const total = split === '' ? (dataset?.numImages ?? 0) : (dataset?.splits[split] ?? 0);
  const { images, error, more } = useSplitPages(split, total);
  const toggle = (index: number): void => {
    const without = pinned.filter((one) => one !== index);
    void pinImages(without.length < pinned.length ? without : [...pinned, index]);
  };
  return (
    <Sheet
      open
      side={narrow ? 'bottom' : 'center'}
      title={t('pickTitle')}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
    >
      <p className={styles['note']}>{t('pickText', { max: MAX_PINNED, count: pinned.length })}</p>
      {error === null ? null : <ErrorState error={error} />}
      {images === null ? <ProgressLine label={ui('loading')} value={0} max={0} /> : null}
      <ul className={styles['grid']}>
        {(images ?? []).map((image) => (
          <li key={image.index}>
            <Choice
              image={image}
              pinned={pinned.includes(image.index)}
              full={pinned.length >= MAX_PINNED}
              onToggle={() => toggle(image.index)}
            />
          </li>
        ))}
      </ul>
      {images !== null && images.length < total ? (
        <Button className={styles['more']} onClick={more}>
          {t('pickMore', { shown: formatCount(images.length), total: formatCount(total) })}
        </Button>
      ) : null}
    </Sheet>
  );
}

interface SplitPages {
  readonly images: readonly ImageInfo[] | null;
  readonly error: ErrorDetails | null;
  readonly more: () => void;
}

/** The images of a split, page by page. */
function useSplitPages(split: string, total: number): SplitPages {
  const { client } = useServices();
  const [pages, setPages] = useState(1);
  const [images, setImages] = useState<readonly ImageInfo[] | null>(null);
  const [error, setError] = useState<ErrorDetails | null>(null);
  useEffect(() => {
    let current = true;
    const count = Math.min(total, pages * PAGE);
    client.call('listImages', { split, offset: 0, count }).then(
      (reply) => {
        if (current) setImages(reply.images);
      },
      (failure: unknown) => {
        if (current) setError(errorDetails(failure));
      },
    );
    return () => {
      current = false;
    };
  }, [client, split, total, pages]);
  return { images, error, more: () => setPages((before) => before + 1) };
}

const THUMB = 128;

function Choice(props: {
  readonly image: ImageInfo;
  readonly pinned: boolean;
  readonly full: boolean;
  readonly onToggle: () => void;
}): ReactNode {
  const { image, pinned, full, onToggle } = props;
  const state = usePicture(image.index, 320);
  const picture = state.status === 'ready' ? state.picture : null;
  return (
    <button
      type="button"
      className={styles['choice']}
      aria-pressed={pinned}
      disabled={image.missing || (full && !pinned)}
      onClick={onToggle}
    >
      <PictureCanvas
        bitmap={picture?.bitmap ?? null}
        image={picture ?? image}
        width={THUMB}
        height={96}
        boxes={NO_BOXES}
        label={image.name}
      />
      <span className={styles['name']}>{image.name}</span>
      {pinned ? (
        <span className={styles['mark']} aria-hidden="true">
          <Check size={14} />
        </span>
      ) : null}
    </button>
  );
}

const NO_BOXES: readonly never[] = [];
