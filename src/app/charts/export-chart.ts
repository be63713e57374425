import { saveFile } from '../ui/save-file.ts';
import type { ChartRun, SceneOptions } from './chart-scene.ts';
import type { Chart, ChartOption } from './echarts.ts';

/** `epoch` column only where the run has epochs; numbers in full precision; NaN and inf as Python writes them. */
export function chartCsv(
  runs: readonly ChartRun[],
  { metric, smoothing }: Pick<SceneOptions, 'metric' | 'smoothing'>,
): string {
  const head = ['run', 'iter', 'epoch', 'seconds', metric];
  if (smoothing > 0) head.push(`${metric} smoothed ${smoothing}`);
  const rows = [head.map(cell).join(',')];
  for (const { series, name, itersPerEpoch } of runs) {
    const column = series.column(metric);
    const smoothed = series.smoothed(metric, smoothing);
    column.forEach((value, row) => {
      const iter = series.iters[row] ?? NaN;
      const epoch = itersPerEpoch > 0 ? String(iter / itersPerEpoch) : '';
      const seconds = series.elapsed[row] ?? NaN;
      const cells = [name, String(iter), epoch, Number.isNaN(seconds) ? '' : String(seconds)];
      cells.push(number(value));
      if (smoothing > 0) cells.push(number(smoothed[row] ?? NaN));
      rows.push(cells.map(cell).join(','));
    });
  }
  return `${rows.join('\r\n')}\r\n`;
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf';
}

/** Quotes what RFC 4180 wants quoted, and defuses what a spreadsheet would run as a formula. */
function cell(text: string): string {
  const safe = /^[=@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Saves the chart as it stands, at twice the screen's size. */
export function savePng(chart: Chart, name: string, background: string): void {
  const url = chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: background });
  const binary = atob(url.slice(url.indexOf(',') + 1));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  saveFile(new File([bytes], `${name}.png`, { type: 'image/png' }));
}

/** Saves the chart as SVG; the second renderer is loaded for it. */
export async function saveSvg(chart: Chart, option: ChartOption, name: string): Promise<void> {
  const { renderSvg } = await import('./render-svg.ts');
  const svg = renderSvg(option, { width: chart.getWidth(), height: chart.getHeight() });
  saveFile(new File([svg], `${name}.svg`, { type: 'image/svg+xml' }));
}

export function saveCsv(csv: string, name: string): void {
  saveFile(new File([csv], `${name}.csv`, { type: 'text/csv' }));
}
