import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** `20230105_120000`, as MMEngine names a run. */
export function runTimestamp(time: Date): string {
  return `${datePart(time, '')}_${clockPart(time, '')}`;
}

/** `2023/01/05 12:00:00 - mmengine - INFO - …`. */
export function mmengineLine(
  time: Date,
  level: 'info' | 'warning' | 'error',
  line: string,
): string {
  return `${datePart(time, '/')} ${clockPart(time, ':')} - mmengine - ${level.toUpperCase()} - ${line}`;
}

function datePart(time: Date, separator: string): string {
  return [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join(separator);
}

function clockPart(time: Date, separator: string): string {
  return [two(time.getHours()), two(time.getMinutes()), two(time.getSeconds())].join(separator);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/**
 * The folder of a run as MMEngine lays it out: `DIR/TIME/TIME.log`, `DIR/TIME/vis_data/{scalars.json,config.yaml}`,
 * checkpoints and `last_checkpoint` in `DIR` itself.
 */
export class RunFolder {
  readonly workDir: string;
  /** The log file. */
  readonly logPath: string;
  readonly #visData: string;
  readonly #kept: string[] = [];

  /** Makes the folders. Throws what the file system throws. */
  constructor(workDir: string, time: Date) {
    const name = runTimestamp(time);
    this.workDir = workDir;
    this.logPath = join(workDir, name, `${name}.log`);
    this.#visData = join(workDir, name, 'vis_data');
    mkdirSync(this.#visData, { recursive: true });
  }

  log(line: string): void {
    appendFileSync(this.logPath, `${line}\n`);
  }

  /** One object per line, as MMEngine's LocalVisBackend writes them. */
  scalars(values: Readonly<Record<string, number>>): void {
    appendFileSync(join(this.#visData, 'scalars.json'), `${JSON.stringify(values)}\n`);
  }

  writeConfig(text: string): void {
    writeFileSync(join(this.#visData, 'config.yaml'), text);
  }

  /**
   * Writes `iter_N.safetensors` and points `last_checkpoint` at it; neither is ever half written. At most `keep` files of
   * this run stay (all when negative).
   *
   * @returns the path of the file
   */
  saveCheckpoint(iter: number, bytes: Uint8Array, keep: number): string {
    const path = join(this.workDir, `iter_${iter}.safetensors`);
    writeWhole(path, bytes);
    writeWhole(join(this.workDir, 'last_checkpoint'), path);
    if (!this.#kept.includes(path)) this.#kept.push(path);
    while (keep > 0 && this.#kept.length > keep) rmSync(this.#kept.shift() ?? '', { force: true });
    return path;
  }
}

/** Writes beside the file and renames, so that a reader never sees a part. */
function writeWhole(path: string, content: Uint8Array | string): void {
  const temporary = `${path}.part`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}
