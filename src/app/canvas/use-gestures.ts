import { type RefObject, useEffect } from 'react';
import type { Point } from './view-transform.ts';

export interface Gestures {
  /** Zoom by a factor around a point of the element (CSS pixels). */
  zoom(factor: number, at: Point): void;
  pan(by: Point): void;
  /** A press and release without movement. */
  tap(at: Point): void;
  /** The pointer moved with no button down; null when it left. */
  hover(at: Point | null): void;
}

/** Less movement than this, in CSS pixels, is a tap. */
const TAP_SLACK = 4;

/** Wheel, pinch, drag and tap on an element. `gestures` must be stable. */
export function useGestures(ref: RefObject<HTMLElement | null>, gestures: Gestures): void {
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const pointers = new Map<number, Point>();
    let moved = 0;
    const local = (event: MouseEvent): Point => {
      const rect = element.getBoundingClientRect();
      return { x: event.clientX - rect.left, y: event.clientY - rect.top };
    };
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      // A line of an old wheel is about 16 pixels; a trackpad pinch comes as a wheel with ctrl and small steps.
      const pixels =
        event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 16 : event.deltaY;
      gestures.zoom(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002)), local(event));
    };
    const onDown = (event: PointerEvent): void => {
      if (event.button > 1) return;
      event.preventDefault();
      element.focus({ preventScroll: true });
      element.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, local(event));
      if (pointers.size === 1) moved = 0;
    };
    const onMove = (event: PointerEvent): void => {
      const at = local(event);
      const before = pointers.get(event.pointerId);
      if (before === undefined) {
        if (event.pointerType === 'mouse') gestures.hover(at);
        return;
      }
      const by = { x: at.x - before.x, y: at.y - before.y };
      const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
      pointers.set(event.pointerId, at);
      moved += Math.abs(by.x) + Math.abs(by.y);
      if (moved < TAP_SLACK) return;
      if (other === undefined) {
        gestures.pan(by);
        return;
      }
      const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
      const factor = distance(at, other) / Math.max(1, distance(before, other));
      gestures.pan({ x: by.x / 2, y: by.y / 2 });
      gestures.zoom(factor, middle);
    };
    const onUp = (event: PointerEvent): void => {
      const held = pointers.delete(event.pointerId);
      if (held && pointers.size === 0 && moved < TAP_SLACK && event.type === 'pointerup')
        gestures.tap(local(event));
    };
    const onLeave = (): void => gestures.hover(null);
    element.addEventListener('wheel', onWheel, { passive: false });
    element.addEventListener('pointerdown', onDown);
    element.addEventListener('pointermove', onMove);
    element.addEventListener('pointerup', onUp);
    element.addEventListener('pointercancel', onUp);
    element.addEventListener('pointerleave', onLeave);
    return () => {
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('pointerdown', onDown);
      element.removeEventListener('pointermove', onMove);
      element.removeEventListener('pointerup', onUp);
      element.removeEventListener('pointercancel', onUp);
      element.removeEventListener('pointerleave', onLeave);
    };
  }, [ref, gestures]);
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
