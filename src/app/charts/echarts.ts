/** ECharts with only the parts that line charts need; this file is the door to it, so that the rest is left out of the build. */
import { LineChart } from 'echarts/charts';
import {
  AriaComponent,
  DataZoomInsideComponent,
  GridComponent,
  MarkLineComponent,
  TooltipComponent,
} from 'echarts/components';
import {
  connect,
  type EChartsCoreOption,
  type EChartsType,
  init,
  use as register,
} from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

register([
  LineChart,
  GridComponent,
  TooltipComponent,
  DataZoomInsideComponent,
  MarkLineComponent,
  AriaComponent,
  CanvasRenderer,
]);

export type Chart = EChartsType;
export type ChartOption = EChartsCoreOption;

/** A chart on a canvas in `host`; hover and zoom are shared by all charts of a group. */
export function createChart(host: HTMLElement, group: string): Chart {
  const chart = init(host, null, { renderer: 'canvas' });
  chart.group = group;
  connect(group);
  return chart;
}
