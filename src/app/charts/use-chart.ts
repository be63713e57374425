import { type RefObject, useCallback, useEffect, useRef } from 'react';
import type { ChartLink } from './chart-link.ts';
import { type Chart, type ChartOption, createChart } from './echarts.ts';
import { pace, type Paced } from './pace.ts';

/** Drawing more often than this is not seen, and costs the run. */
const MS_PER_DRAW = 100;

export interface UseChartInput {
  /** Charts of the same group share hover and zoom. */
  readonly group: string;
  readonly link: ChartLink;
  /** Works out the option for the host's present size; called at most ten times a second. */
  readonly option: (host: HTMLElement) => ChartOption;
  /** A line was clicked. */
  readonly onPick: (runId: string) => void;
}

export interface ChartHandle {
  readonly host: RefObject<HTMLDivElement | null>;
  /** Draws soon: data, settings or theme changed. */
  readonly redraw: () => void;
  readonly chart: RefObject<Chart | null>;
}

/** A chart's life: made when its host has a size, drawn when asked, resized with its host, disposed of at the end. */
export function useChart(input: UseChartInput): ChartHandle {
  const { group, link } = input;
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const paced = useRef<Paced | null>(null);
  const latest = useRef(input);
  useEffect(() => {
    latest.current = input;
  });
  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const draw = (): void => {
      const { clientWidth: width, clientHeight: height } = element;
      if (width === 0 || height === 0) return;
      const instance = chart.current ?? (chart.current = open(element));
      if (instance.getWidth() !== width || instance.getHeight() !== height) instance.resize();
      instance.setOption(latest.current.option(element), {
        replaceMerge: ['series'],
        lazyUpdate: true,
      });
    };
    const open = (on: HTMLElement): Chart => {
      const created = createChart(on, group);
      listen(created, link, (runId) => latest.current.onPick(runId));
      return created;
    };
    const current = pace(draw, MS_PER_DRAW);
    paced.current = current;
    const observer = new ResizeObserver(current.request);
    observer.observe(element);
    current.request();
    return () => {
      observer.disconnect();
      current.cancel();
      paced.current = null;
      chart.current?.dispose();
      chart.current = null;
    };
  }, [group, link]);
  const redraw = useCallback(() => paced.current?.request(), []);
  return { host, redraw, chart };
}

function listen(chart: Chart, link: ChartLink, onPick: (runId: string) => void): void {
  chart.on('updateAxisPointer', (event: unknown) => link.hoverAt(pointerValue(event)));
  chart.getZr().on('globalout', () => link.hoverAt(null));
  chart.on('datazoom', () => link.zoomTo(zoomOf(chart.getOption())));
  chart.getZr().on('dblclick', () => link.zoomTo(null));
  chart.on('click', (event) => {
    if (event.seriesId !== undefined) onPick(event.seriesId);
  });
}

/** The x value of ECharts' pointer event; null when the pointer left the plot. */
function pointerValue(event: unknown): number | null {
  if (typeof event !== 'object' || event === null || !('axesInfo' in event)) return null;
  const { axesInfo } = event;
  if (!Array.isArray(axesInfo)) return null;
  const first: unknown = axesInfo[0];
  if (typeof first !== 'object' || first === null || !('value' in first)) return null;
  return typeof first.value === 'number' ? first.value : null;
}

/** The zoomed range in axis units; null when it covers everything, so that the chart follows a growing run again. */
function zoomOf(option: ChartOption): [number, number] | null {
  const { dataZoom } = option;
  const zoom: unknown = Array.isArray(dataZoom) ? dataZoom[0] : undefined;
  if (typeof zoom !== 'object' || zoom === null) return null;
  const read = (name: string): number => {
    const value: unknown = Object.entries(zoom).find(([key]) => key === name)?.[1];
    return typeof value === 'number' ? value : NaN;
  };
  if (read('start') <= 0.01 && read('end') >= 99.99) return null;
  const range: [number, number] = [read('startValue'), read('endValue')];
  return range.every(Number.isFinite) && range[1] > range[0] ? range : null;
}
