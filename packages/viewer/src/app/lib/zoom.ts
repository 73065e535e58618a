/** Window: a range of time, ms since the epoch. */
export interface Window {
  readonly min: number;
  readonly max: number;
}

/**
 * Zoom: what the charts look at: the whole capture, a fixed range of it, or its newest `width` ms (which moves on as a
 * live capture grows).
 */
export type Zoom =
  | { readonly kind: 'all' }
  | { readonly kind: 'fixed'; readonly min: number; readonly max: number }
  | { readonly kind: 'tail'; readonly width: number };

/** resolveZoom: the range that `zoom` shows of a capture that spans `bounds`; never empty. */
export function resolveZoom(zoom: Zoom, bounds: Window): Window {
  if (zoom.kind === 'fixed') return { min: zoom.min, max: zoom.max };
  if (zoom.kind === 'tail') return { min: Math.max(bounds.min, bounds.max - zoom.width), max: bounds.max };
  return bounds.max > bounds.min ? bounds : { min: bounds.min, max: bounds.min + 1000 };
}

/** clampWindow: `window` moved and cut so that it lies in `bounds` and spans at least `least` ms where they do. */
export function clampWindow(window: Window, bounds: Window, least: number): Window {
  const size = Math.min(Math.max(window.max - window.min, least), bounds.max - bounds.min);
  const middle = (window.min + window.max) / 2;
  let min = window.max - window.min < least ? middle - size / 2 : window.min;
  if (min + size > bounds.max) min = bounds.max - size;
  if (min < bounds.min) min = bounds.min;
  return { min, max: min + size };
}

/**
 * zoomTo: the zoom that shows `window`: all where it is the whole capture; where `live`, a tail if it ends at the end.
 * `least` = the smallest span, ms.
 */
export function zoomTo(window: Window, bounds: Window, least: number, live: boolean): Zoom {
  const { min, max } = clampWindow(window, bounds, least);
  const slack = (bounds.max - bounds.min) * 0.002;
  const atEnd = max >= bounds.max - slack;
  if (atEnd && min <= bounds.min + slack) return { kind: 'all' };
  if (live && atEnd) return { kind: 'tail', width: max - min };
  return { kind: 'fixed', min, max };
}

/** scaleWindow: `window` made `factor` times as wide around the time `centre`, which stays where it is on screen. */
export function scaleWindow(window: Window, factor: number, centre: number): Window {
  return { min: centre - (centre - window.min) * factor, max: centre + (window.max - centre) * factor };
}

/** shiftWindow: `window` moved by `fraction` of its width, stopping at the ends of `bounds`. */
export function shiftWindow(window: Window, fraction: number, bounds: Window): Window {
  const width = window.max - window.min;
  const min = Math.min(Math.max(window.min + width * fraction, bounds.min), bounds.max - width);
  return { min, max: min + width };
}

/** Grip: what a pointer holds of the window on the time bar. */
export type Grip = 'start' | 'end' | 'move' | 'create';

/** gripAt: what lies under `at`: an edge within `reach`, the window itself, or free space. All in one unit. */
export function gripAt(at: number, window: Window, bounds: Window, reach: number): Grip {
  const toStart = Math.abs(at - window.min);
  const toEnd = Math.abs(at - window.max);
  if (Math.min(toStart, toEnd) <= reach) return toStart < toEnd ? 'start' : 'end';
  const inside = at > window.min && at < window.max;
  // A window as wide as the bar cannot be moved: dragging in it makes a new one.
  const whole = window.min <= bounds.min && window.max >= bounds.max;
  return inside && !whole ? 'move' : 'create';
}

/** dragWindow: `from` after its `grip` was dragged from time `start` to time `at`. Edges may pass each other. */
export function dragWindow(grip: Grip, from: Window, start: number, at: number, bounds: Window): Window {
  const to = Math.min(Math.max(at, bounds.min), bounds.max);
  if (grip === 'move') {
    return shiftWindow(from, (at - start) / (from.max - from.min), bounds);
  }
  const fixed = grip === 'start' ? from.max : grip === 'end' ? from.min : start;
  return { min: Math.min(fixed, to), max: Math.max(fixed, to) };
}
