import type { ConfigResult } from './load-config.ts';
import { printPython } from './print-python.ts';

export type PrintFormat = 'yaml' | 'json' | 'py';

/**
 * The merged config as text: YAML, JSON, or a Python file in MMEngine's manner. All three are read by MMEngine; JSON has
 * no tuples, so MMDetection refuses a JSON config with a Resize. Empty when the config could not be merged.
 */
export function printConfig(result: ConfigResult, format: PrintFormat): string {
  if (result.root === undefined) return '';
  if (format === 'py') return printPython(result.root);
  return format === 'yaml' ? result.mergedYaml : `${JSON.stringify(result.mergedPlain, null, 2)}\n`;
}
