import { ChartSpline, type LucideIcon, Images, SlidersHorizontal, Target } from 'lucide-react';
import { type ComponentType, lazy, type LazyExoticComponent } from 'react';
import type { PlaceId } from './place-id.ts';

/** A place of the app: one row of the rail, one key, one lazily loaded panel. */
export interface Place {
  readonly id: PlaceId;
  /** The letter after `g`. */
  readonly key: string;
  readonly icon: LucideIcon;
  readonly Panel: LazyExoticComponent<ComponentType>;
}

/** The places in order. A place that is not built yet is not here, and so is not shown. */
export const PLACES: readonly Place[] = [
  {
    id: 'data',
    key: 'd',
    icon: Images,
    Panel: lazy(() => import('./data/panel.tsx').then((m) => ({ default: m.DataPanel }))),
  },
  {
    id: 'config',
    key: 'c',
    icon: SlidersHorizontal,
    Panel: lazy(() => import('./config/panel.tsx').then((m) => ({ default: m.ConfigPanel }))),
  },
  {
    id: 'train',
    key: 't',
    icon: ChartSpline,
    Panel: lazy(() => import('./train/panel.tsx').then((m) => ({ default: m.TrainPanel }))),
  },
  {
    id: 'evaluate',
    key: 'e',
    icon: Target,
    Panel: lazy(() => import('./evaluate/panel.tsx').then((m) => ({ default: m.EvaluatePanel }))),
  },
];
