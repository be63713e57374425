import { Pin } from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import type { AppCommand } from '../../commands/registry.ts';
import { useCommands } from '../../commands/use-commands.ts';
import { useT } from '../../i18n/use-t.ts';
import { useServices, useStore } from '../../store/store-context.tsx';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { formatCount } from '../../ui/format.ts';
import { Slider } from '../../ui/slider.tsx';
import { PinPicker } from './pin-picker.tsx';
import { PinnedImage } from './pinned-image.tsx';
import styles from './predictions.module.css';
import { useShownRun } from './use-history.ts';

/** The pinned images with what the model sees in them, now or at any stored iteration. */
export function Predictions(): ReactNode {
  const t = useT('train');
  const pinned = useStore((state) => state.pinned);
  const previewIter = useStore((state) => state.previewIter);
  const [picking, setPicking] = useState(false);
  const previews = useShownRun()?.previews;
  const iters = previews?.iters ?? NONE;
  const at = previewIter ?? iters.at(-1) ?? 0;
  return (
    <section className={styles['predictions']} aria-label={t('predictions')}>
      <header className={styles['head']}>
        <h3>{t('predictions')}</h3>
        <Button variant="quiet" onClick={() => setPicking(true)}>
          <Pin size={13} aria-hidden="true" />
          {t('choosePinned')}
        </Button>
      </header>
      {pinned.length === 0 ? (
        <EmptyState
          icon={Pin}
          title={t('noPinned')}
          action={<Button onClick={() => setPicking(true)}>{t('choosePinned')}</Button>}
        />
      ) : (
        <>
          <ul className={styles['images']}>
            {pinned.map((index) => (
              <li key={index}>
                <PinnedImage index={index} preview={previews?.at(index, at)} />
              </li>
            ))}
          </ul>
          <Scrubber iters={iters} />
        </>
      )}
      {picking ? <PinPicker onClose={() => setPicking(false)} /> : null}
    </section>
  );
}

const NONE: readonly number[] = [];

/** Goes back through the stored previews; at its right end it follows the run. */
function Scrubber({ iters }: { readonly iters: readonly number[] }): ReactNode {
  const t = useT('train');
  const previewIter = useStore((state) => state.previewIter);
  const showPreviewAt = useStore((state) => state.showPreviewAt);
  const last = iters.length - 1;
  const found = previewIter === null ? last : iters.findLastIndex((iter) => iter <= previewIter);
  const position = Math.max(0, found);
  const shown = iters[position];
  useScrubCommands(iters, position);
  if (shown === undefined) return <p className={styles['note']}>{t('noPreviews')}</p>;
  const move = (to: number): void => {
    const iter = iters[to];
    showPreviewAt(to >= last || iter === undefined ? null : iter);
  };
  return (
    <div className={styles['scrubber']}>
      <Slider
        aria-label={t('previewIteration')}
        min={0}
        max={Math.max(1, last)}
        step={1}
        value={position}
        valueText={t('atIter', { iter: formatCount(shown) })}
        disabled={last < 1}
        onChange={move}
      />
      <span className={styles['at']} data-volatile="">
        {t('atIter', { iter: formatCount(shown) })}
      </span>
      {previewIter === null ? (
        <span className={styles['live']}>{t('newest')}</span>
      ) : (
        <Button variant="quiet" onClick={() => showPreviewAt(null)}>
          {t('toNewest')}
        </Button>
      )}
      <p className={styles['legend']}>
        <span className={styles['solid']} aria-hidden="true" />
        {t('legendTruth')}
        <span className={styles['dashed']} aria-hidden="true" />
        {t('legendPrediction')}
      </p>
    </div>
  );
}

/** `[` and `]` step through the iterations, wherever the focus is. */
function useScrubCommands(iters: readonly number[], position: number): void {
  const t = useT('train');
  const { store } = useServices();
  const earlier = iters[position - 1] ?? null;
  const later = iters[position + 1] ?? null;
  const isNewest = position + 1 >= iters.length - 1;
  const commands = useMemo(
    (): readonly AppCommand[] => [
      {
        id: 'preview.earlier',
        group: 'run',
        title: t('earlierPreview'),
        keys: ['['],
        enabled: earlier !== null,
        run: () => store.getState().showPreviewAt(earlier),
      },
      {
        id: 'preview.later',
        group: 'run',
        title: t('laterPreview'),
        keys: [']'],
        enabled: later !== null,
        run: () => store.getState().showPreviewAt(isNewest ? null : later),
      },
    ],
    [t, store, earlier, later, isNewest],
  );
  useCommands(commands);
}
