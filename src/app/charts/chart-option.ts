import { formatNumber } from '../ui/format.ts';
import type { ChartInk } from './chart-colors.ts';
import type { ChartScene, SceneLine } from './chart-scene.ts';
import type { ChartOption } from './echarts.ts';
import { logTicks } from './ticks.ts';

export interface OptionInput {
  readonly scene: ChartScene;
  readonly ink: ChartInk;
  /** Said to screen readers in place of the picture. */
  readonly description: string;
  /** A position marked with an upright line (the iteration whose predictions are shown), in axis units. */
  readonly mark: number | null;
}

/** The whole chart as ECharts wants it. Nothing moves by itself, and no symbol is drawn on ordinary points. */
export function chartOption({ scene, ink, description, mark }: OptionInput): ChartOption {
  return {
    animation: false,
    aria: { enabled: true, label: { description } },
    textStyle: { fontFamily: ink.font },
    grid: { left: 4, right: 10, top: 8, bottom: 2 },
    xAxis: {
      type: 'value',
      min: scene.extent[0],
      max: scene.extent[1],
      ...axisLook(ink),
      axisLine: { show: true, lineStyle: { color: ink.line } },
      splitLine: { show: false },
      splitNumber: 5,
      axisLabel: {
        ...axisLabel(ink),
        formatter: (value: number) => axisText(value, scene.unit),
        ...edgeLabels(scene),
      },
    },
    yAxis: yAxis(scene, ink),
    tooltip: {
      trigger: 'axis',
      // The values stand in the chart's heading, so that a pointer over one chart does not cover five.
      showContent: false,
      axisPointer: { type: 'line', snap: false, lineStyle: { color: ink.line, type: 'solid' } },
    },
    dataZoom: [
      {
        type: 'inside',
        filterMode: 'none',
        rangeMode: ['value', 'value'],
        startValue: scene.range[0],
        endValue: scene.range[1],
        // The wheel alone scrolls the page.
        zoomOnMouseWheel: 'ctrl',
        moveOnMouseWheel: false,
        moveOnMouseMove: true,
        preventDefaultMouseMove: false,
      },
    ],
    series: scene.lines.flatMap((line, i) => seriesOf(line, ink, i === 0 ? mark : null)),
  };
}

/** The ends of the data or of a zoom are seldom round numbers; only a whole axis starts at its zero. */
function edgeLabels({ extent, range }: ChartScene): object {
  return { showMaxLabel: false, showMinLabel: range[0] <= extent[0] };
}

function axisText(value: number, unit: ChartScene['unit']): string {
  return unit === '' || value === 0 ? axisNumber(value) : `${axisNumber(value)} ${unit}`;
}

function yAxis(scene: ChartScene, ink: ChartInk): object {
  const look = {
    ...axisLook(ink),
    axisLine: { show: false },
    splitLine: { show: true, lineStyle: { color: ink.faint } },
  };
  const label = { ...axisLabel(ink), formatter: axisNumber };
  if (scene.logExtent === null) {
    return { type: 'value', scale: true, splitNumber: 4, ...look, axisLabel: label };
  }
  const [min, max] = scene.logExtent;
  const ticks = logTicks(min, max);
  return {
    type: 'log',
    min,
    max,
    ...look,
    axisTick: { show: false, customValues: ticks },
    axisLabel: { ...label, customValues: ticks },
  };
}

function axisLook(ink: ChartInk): object {
  return {
    axisTick: { show: false },
    nameTextStyle: { color: ink.text },
    axisPointer: { label: { show: false } },
  };
}

function axisLabel(ink: ChartInk): object {
  return { color: ink.text, fontSize: 11, hideOverlap: true };
}

/** `0.5`, `2k`, `1e-4`: short, because the exact number stands in the heading. */
export function axisNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6) return value.toExponential(0).replace('e+', 'e');
  if (size >= 1e4) return `${Number((value / 1000).toPrecision(3))}k`;
  if (size < 1e-3)
    return value
      .toExponential()
      .replace(/(\.\d{0,2})\d*e/u, '$1e')
      .replace('.e', 'e');
  return formatNumber(Number(value.toPrecision(4)), 4)
    .replace(/(\.\d*?)0+$/u, '$1')
    .replace(/\.$/u, '');
}

function seriesOf(line: SceneLine, ink: ChartInk, mark: number | null): object[] {
  const { run, raw, smooth, belowZero } = line;
  const strength = run.selected ? 1 : 0.45;
  const z = run.selected ? 3 : 2;
  const base = {
    type: 'line',
    showSymbol: false,
    symbol: 'none',
    connectNulls: false,
    triggerEvent: true,
    emphasis: { disabled: true },
    color: run.color,
    z,
  };
  const strong = smooth ?? raw;
  const list: object[] = [];
  if (smooth !== null) {
    list.push({
      ...base,
      id: `${run.runId} raw`,
      name: run.name,
      data: raw.points,
      lineStyle: { width: 1, opacity: 0.28 * strength },
      silent: true,
    });
  }
  list.push({
    ...base,
    id: run.runId,
    name: run.name,
    data: strong.points,
    lineStyle: { width: 1.75, opacity: strength },
    // A line of a single point would not be seen at all.
    ...(strong.drawn === 1 ? { showSymbol: true, symbol: 'circle', symbolSize: 5 } : {}),
    ...(mark === null ? {} : { markLine: markLine(mark, ink) }),
  });
  if (belowZero.length > 0) {
    list.push({
      ...base,
      id: `${run.runId} zero`,
      name: run.name,
      data: belowZero,
      lineStyle: { opacity: 0 },
      showSymbol: true,
      showAllSymbol: true,
      symbol: 'emptyTriangle',
      symbolRotate: 180,
      symbolSize: 7,
      silent: true,
    });
  }
  return list;
}

function markLine(at: number, ink: ChartInk): object {
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    label: { show: false },
    lineStyle: { color: ink.text, type: 'dashed', width: 1 },
    data: [{ xAxis: at }],
  };
}
