/** Loaded only when someone asks for an SVG file: the second renderer. */
import { type EChartsCoreOption, init, use as register } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import './echarts.ts';

register([SVGRenderer]);

/** The chart as SVG text of a size in CSS pixels. */
export function renderSvg(
  option: EChartsCoreOption,
  size: { readonly width: number; readonly height: number },
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption(option);
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
