import { ChevronLeft, ChevronRight, ImageUp, PanelBottomOpen } from 'lucide-react';
import type { ReactNode } from 'react';
import { runCommand } from '../../commands/registry.ts';
import { useT } from '../../i18n/use-t.ts';
import { useStore } from '../../store/store-context.tsx';
import { useImageInfo } from '../../store/use-visible-images.ts';
import { Button } from '../../ui/button.tsx';
import { FileButton } from '../../ui/file-button.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Slider } from '../../ui/slider.tsx';
import { useIsNarrow } from '../../ui/use-media.ts';
import styles from './predict-toolbar.module.css';

/** Which image is predicted on, and from which score on boxes are shown. */
export function PredictToolbar(props: { readonly onDetails: () => void }): ReactNode {
  const t = useT('evaluate');
  const narrow = useIsNarrow();
  const predictOn = useStore((state) => state.predictOn);
  const image = useStore((state) => state.predictImage);
  const imageIndex = useStore((state) => state.imageIndex);
  const selected = useImageInfo(imageIndex);
  const onFile = image?.kind === 'file';
  return (
    <div className={styles['bar']}>
      <FileButton accept="image/*" onFile={(file) => void predictOn({ kind: 'file', file })}>
        <ImageUp size={15} aria-hidden="true" /> {t('chooseImage')}
      </FileButton>
      {onFile && selected !== undefined ? (
        <Button
          variant="quiet"
          className={styles['dataset']}
          onClick={() => void predictOn({ kind: 'dataset', index: selected.index })}
        >
          {t('datasetImage', { name: selected.name })}
        </Button>
      ) : null}
      {image?.kind === 'dataset' ? (
        <span className={styles['step']}>
          <IconButton
            label={t('previousImage')}
            hint="K"
            onClick={() => runCommand('image.previous')}
          >
            <ChevronLeft size={18} />
          </IconButton>
          <IconButton label={t('nextImage')} hint="J" onClick={() => runCommand('image.next')}>
            <ChevronRight size={18} />
          </IconButton>
        </span>
      ) : null}
      <ScoreSlider />
      {narrow ? (
        <IconButton label={t('details')} data-details="" onClick={props.onDetails}>
          <PanelBottomOpen size={16} />
        </IconButton>
      ) : null}
    </div>
  );
}

function ScoreSlider(): ReactNode {
  const t = useT('evaluate');
  const scoreThr = useStore((state) => state.scoreThr);
  const chooseScoreThr = useStore((state) => state.chooseScoreThr);
  return (
    <label className={styles['score']}>
      <span>{t('scoreThr')}</span>
      <Slider min={0.05} max={0.95} step={0.01} value={scoreThr} onChange={chooseScoreThr} />
      <output>{scoreThr.toFixed(2)}</output>
    </label>
  );
}
