/** The work of `predict`. Imported after the GPU's globals are in place, because it brings TensorFlow.js along. */
import { predictBytes } from '../worker/predictor.ts';
import type { Detections } from '../worker/protocol.ts';
import type { EngineSession } from '../worker/session.ts';
import type { Answer, Terminal } from './command.ts';
import { requireGpu } from './engine.ts';
import { loadCheckpoint } from './load-checkpoint.ts';
import { readUserFile } from './read-file.ts';

export interface PredictRequest {
  readonly config: string;
  readonly checkpoint: string;
  readonly images: readonly string[];
  readonly scoreThr: number;
  readonly overrides: readonly string[];
}

/** One detection of the answer; `bbox` is xyxy in original pixels. */
interface NamedDetection {
  readonly bbox: readonly number[];
  readonly score: number;
  readonly label: number;
  readonly name: string;
}

/** Detects objects on image files. */
export async function predictRun(
  session: EngineSession,
  { config, checkpoint, images, scoreThr, overrides }: PredictRequest,
  terminal: Terminal,
): Promise<Answer> {
  await requireGpu(session, terminal);
  const classes = await loadCheckpoint(session, { config, checkpoint, overrides }, terminal);
  const decoder = session.environment.createDecoder();
  const json: { readonly image: string; readonly detections: readonly NamedDetection[] }[] = [];
  try {
    for (const image of images) {
      const bytes = await readUserFile(image, terminal.cwd);
      const found = await predictBytes(session.model, decoder, image, bytes, scoreThr);
      json.push({ image, detections: named(found, classes) });
    }
  } finally {
    decoder.dispose();
  }
  const lines = json.flatMap(({ image, detections }) => [
    `${image}: ${detections.length} detections`,
    ...detections.map(
      ({ bbox, score, name }) =>
        `  ${score.toFixed(3)}  ${name}  [${bbox.map((side) => side.toFixed(1)).join(', ')}]`,
    ),
  ]);
  return { json, text: lines.join('\n') };
}

function named(
  { boxes, scores, labels }: Detections,
  classes: readonly string[],
): NamedDetection[] {
  return Array.from(scores, (score, i) => {
    const label = labels[i] ?? 0;
    return {
      bbox: [...boxes.subarray(4 * i, 4 * i + 4)],
      score,
      label,
      name: classes[label] ?? String(label),
    };
  });
}
