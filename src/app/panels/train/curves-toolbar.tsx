import { type ReactNode, useSyncExternalStore } from 'react';
import type { ChartLink } from '../../charts/chart-link.ts';
import type { ChartRun } from '../../charts/chart-scene.ts';
import { useT } from '../../i18n/use-t.ts';
import { MAX_SMOOTHING } from '../../series/ema.ts';
import type { XKind } from '../../series/run-series.ts';
import { useStore } from '../../store/store-context.tsx';
import { Button } from '../../ui/button.tsx';
import { MOD_KEY } from '../../ui/key-hint.tsx';
import { Select } from '../../ui/select.tsx';
import { Slider } from '../../ui/slider.tsx';
import styles from './curves-toolbar.module.css';
import { sliderOfWeight, weightOfSlider } from './smoothing-scale.ts';

/** What all curves share: smoothing, the x axis, the zoom, and which run is looked at. */
export function CurvesToolbar(props: {
  readonly link: ChartLink;
  readonly runs: readonly ChartRun[];
}): ReactNode {
  const { link, runs } = props;
  const t = useT('train');
  const curves = useStore((state) => state.curves);
  const setCurves = useStore((state) => state.setCurves);
  const chooseRun = useStore((state) => state.chooseRun);
  const zoomed = useSyncExternalStore(link.subscribe, () => link.range !== null);
  const hasEpochs = runs.some(({ itersPerEpoch }) => itersPerEpoch > 0);
  const hasTime = runs.some(({ series }) => Number.isFinite(series.elapsed.at(-1) ?? NaN));
  const selected = runs.find((run) => run.selected);
  const axes: readonly { value: XKind; label: string; disabled?: boolean }[] = [
    { value: 'iter', label: t('x.iter') },
    { value: 'epoch', label: t('x.epoch'), disabled: !hasEpochs },
    { value: 'time', label: t('x.time'), disabled: !hasTime },
  ];
  return (
    <div className={styles['bar']}>
      <div className={styles['smoothing']}>
        <span aria-hidden="true">{t('smoothing')}</span>
        <Slider
          aria-label={t('smoothing')}
          min={0}
          max={100}
          step={1}
          value={sliderOfWeight(curves.smoothing)}
          valueText={String(curves.smoothing)}
          onChange={(value) => setCurves({ smoothing: weightOfSlider(value, MAX_SMOOTHING) })}
        />
        <span className={styles['weight']}>{curves.smoothing}</span>
      </div>
      <Select<XKind>
        className={styles['axis']}
        aria-label={t('x')}
        value={curves.x}
        options={axes}
        onChange={(x) => {
          link.zoomTo(null);
          setCurves({ x });
        }}
      />
      {runs.length > 1 && selected !== undefined ? (
        <Select
          className={styles['runs']}
          aria-label={t('shownRun')}
          value={selected.runId}
          options={runs.map(({ runId, name }) => ({ value: runId, label: name }))}
          onChange={chooseRun}
        />
      ) : null}
      {zoomed ? (
        <Button variant="quiet" onClick={() => link.zoomTo(null)}>
          {t('showAll')}
        </Button>
      ) : runs.length > 1 ? null : (
        <span className={styles['hint']}>{t('zoomHint', { mod: MOD_KEY })}</span>
      )}
    </div>
  );
}
