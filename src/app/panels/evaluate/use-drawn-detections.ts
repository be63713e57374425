import { useMemo } from 'react';
import { classColor } from '../../canvas/class-colors.ts';
import type { DrawnBox } from '../../canvas/drawn-box.ts';
import type { Detection } from '../../store/predict-slice.ts';
import { useStore } from '../../store/store-context.tsx';

export interface ShownDetection extends Detection {
  /** Position among all detections: stays the same while the score slider moves. */
  readonly id: number;
  readonly className: string;
}

/** The detections above the slider's score, best first. */
export function useShownDetections(): readonly ShownDetection[] {
  const prediction = useStore((state) => state.prediction);
  const scoreThr = useStore((state) => state.scoreThr);
  return useMemo(() => {
    if (prediction === null) return [];
    return prediction.detections
      .map((one, id) => ({
        ...one,
        id,
        className: prediction.classes[one.label] ?? String(one.label),
      }))
      .filter(({ score }) => score >= scoreThr);
  }, [prediction, scoreThr]);
}

/** A detection as a dashed box labelled with class and score. */
export function drawnDetection({ id, box, label, className, score }: ShownDetection): DrawnBox {
  return {
    id,
    box,
    color: classColor(label),
    style: 'prediction',
    label: `${className} ${score.toFixed(2)}`,
  };
}
