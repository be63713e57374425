import { ImageOff } from 'lucide-react';
import { memo, type ReactNode, useEffect, useMemo, useRef } from 'react';
import type { ImageInfo } from '../../../worker/protocol.ts';
import { truthBoxes } from '../../canvas/drawn-box.ts';
import { PictureCanvas } from '../../canvas/picture-canvas.tsx';
import { useT } from '../../i18n/use-t.ts';
import { usePicture } from '../../store/use-picture.ts';
import styles from './grid.module.css';

export interface ThumbnailProps {
  readonly image: ImageInfo;
  readonly classes: readonly { readonly name: string }[];
  readonly onlyClass: number | null;
  readonly boxesShown: boolean;
  readonly width: number;
  readonly height: number;
  readonly selected: boolean;
  readonly tabIndex: number;
  readonly onOpen: (index: number) => void;
}

/** Thumbnails come in two sizes, so that the slider does not decode everything anew at every step. */
function thumbSide(cssSide: number): number {
  return cssSide * (globalThis.devicePixelRatio || 1) <= 256 ? 256 : 512;
}

/** One image of the grid with its boxes; a click opens it. */
export const Thumbnail = memo(function Thumbnail(props: ThumbnailProps): ReactNode {
  const { image, classes, onlyClass, boxesShown, width, height, selected, onOpen } = props;
  const t = useT('data');
  const button = useRef<HTMLButtonElement>(null);
  const state = usePicture(image.index, thumbSide(Math.max(width, height)));
  const boxes = useMemo(
    () => (boxesShown ? truthBoxes(image, classes, onlyClass) : []),
    [image, classes, onlyClass, boxesShown],
  );
  const size = useMemo(() => {
    if (state.status === 'ready')
      return { width: state.picture.width, height: state.picture.height };
    return { width: image.width, height: image.height };
  }, [state, image]);
  useEffect(() => {
    // Focus follows the selection while it is inside the grid.
    const focused = document.activeElement;
    if (selected && focused?.closest('[role=list]') === button.current?.closest('[role=list]')) {
      button.current?.focus({ preventScroll: true });
    }
  }, [selected]);
  const label = t('thumb', { name: image.name, boxes: t('boxes', { count: image.labels.length }) });
  return (
    <div role="listitem" className={styles['cell']} style={{ width }}>
      <button
        ref={button}
        type="button"
        className={styles['thumb']}
        aria-label={label}
        aria-current={selected ? 'true' : undefined}
        tabIndex={props.tabIndex}
        onClick={() => onOpen(image.index)}
      >
        <div className={styles['picture']} style={{ width, height }}>
          {state.status === 'failed' ? (
            <ImageOff size={20} strokeWidth={1.5} aria-hidden="true" />
          ) : (
            <PictureCanvas
              bitmap={state.status === 'ready' ? state.picture.bitmap : null}
              image={size}
              width={width}
              height={height}
              boxes={boxes}
            />
          )}
        </div>
        <div className={styles['caption']}>
          <span>{image.name}</span>
          <span>{image.labels.length}</span>
        </div>
      </button>
    </div>
  );
});
