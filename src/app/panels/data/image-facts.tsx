import { MousePointerClick } from 'lucide-react';
import type { ReactNode } from 'react';
import type { ImageInfo } from '../../../worker/protocol.ts';
import { boxAt } from '../../canvas/drawn-box.ts';
import { classColor } from '../../canvas/class-colors.ts';
import { useT } from '../../i18n/use-t.ts';
import { selectClasses } from '../../store/dataset-slice.ts';
import { useStore } from '../../store/store-context.tsx';
import { useImageInfo } from '../../store/use-visible-images.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import styles from './facts.module.css';

/** Bit 1 of {@link ImageInfo.flags}; bit 0 alone is an ignored box. */
const UNUSABLE = 2;

/** The selected image: its file, its size, its boxes. Pointing at a row marks the box in the picture. */
export function ImageFacts(): ReactNode {
  const t = useT('data');
  const index = useStore((state) => state.imageIndex);
  const image = useImageInfo(index);
  if (image === undefined) {
    return <EmptyState icon={MousePointerClick} title={t('noImage')} text={t('noImageText')} />;
  }
  return (
    <div className={styles['root']}>
      <dl className={styles['facts']}>
        <dt>{t('file')}</dt>
        <dd>{image.path === '' ? t('missing') : image.path}</dd>
        <dt>{t('size')}</dt>
        <dd>
          {image.width === 0
            ? t('sizeUnknown')
            : t('shownSize', { width: image.width, height: image.height })}
        </dd>
      </dl>
      <section>
        <h2 className={styles['heading']}>
          {t('boxList')} <span>{image.labels.length}</span>
        </h2>
        {image.labels.length === 0 ? (
          <p className={styles['quiet']}>{t('noBoxes')}</p>
        ) : (
          <Boxes image={image} />
        )}
      </section>
    </div>
  );
}

function Boxes({ image }: { readonly image: ImageInfo }): ReactNode {
  const t = useT('data');
  const classes = useStore(selectClasses);
  const activeBox = useStore((state) => state.activeBox);
  const pointAtBox = useStore((state) => state.pointAtBox);
  return (
    <ul className={styles['boxes']} onPointerLeave={() => pointAtBox(null)}>
      {Array.from(image.labels, (label, id) => {
        const flags = image.flags[id] ?? 0;
        return (
          <li key={id}>
            <button
              type="button"
              className={styles['box']}
              aria-pressed={id === activeBox}
              onPointerEnter={() => pointAtBox(id)}
              onFocus={() => pointAtBox(id)}
              onClick={() => pointAtBox(id)}
            >
              <span className={styles['swatch']} style={{ background: classColor(label) }} />
              <span className={styles['class']}>{classes[label]?.name ?? label}</span>
              {flags === 0 ? null : (
                <span className={styles['quiet']}>
                  {t((flags & UNUSABLE) === 0 ? 'ignored' : 'unusable')}
                </span>
              )}
              <span className={styles['extent']}>{extent(boxAt(image.boxes, id))}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** `212, 96 · 48 × 120` : corner and size in pixels. */
function extent([x1, y1, x2, y2]: readonly [number, number, number, number]): string {
  return `${Math.round(x1)}, ${Math.round(y1)} · ${Math.round(x2 - x1)} × ${Math.round(y2 - y1)}`;
}
