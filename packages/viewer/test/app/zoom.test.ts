import { describe, expect, test } from 'vitest';
import {
  clampWindow,
  dragWindow,
  gripAt,
  resolveZoom,
  scaleWindow,
  shiftWindow,
  zoomTo,
} from '../../src/app/lib/zoom.ts';

const bounds = { min: 1000, max: 2000 };

test('a zoom resolves to the window it shows', () => {
  expect(resolveZoom({ kind: 'all' }, bounds)).toEqual(bounds);
  expect(resolveZoom({ kind: 'fixed', min: 1100, max: 1200 }, bounds)).toEqual({ min: 1100, max: 1200 });
  expect(resolveZoom({ kind: 'tail', width: 300 }, bounds)).toEqual({ min: 1700, max: 2000 });
  expect(resolveZoom({ kind: 'tail', width: 9000 }, bounds)).toEqual(bounds);
});

test('an empty capture still has a window', () => {
  expect(resolveZoom({ kind: 'all' }, { min: 0, max: 0 })).toEqual({ min: 0, max: 1000 });
});

test('a window is moved into the capture and is never too narrow', () => {
  expect(clampWindow({ min: 900, max: 1100 }, bounds, 10)).toEqual({ min: 1000, max: 1200 });
  expect(clampWindow({ min: 1900, max: 2100 }, bounds, 10)).toEqual({ min: 1800, max: 2000 });
  expect(clampWindow({ min: 1500, max: 1502 }, bounds, 50)).toEqual({ min: 1476, max: 1526 });
  expect(clampWindow({ min: 0, max: 9000 }, bounds, 50)).toEqual(bounds);
});

test('zooming to everything is no zoom; to the end of a live capture follows it', () => {
  expect(zoomTo({ min: 1000, max: 2000 }, bounds, 5, false)).toEqual({ kind: 'all' });
  expect(zoomTo({ min: 1500, max: 2000 }, bounds, 5, true)).toEqual({ kind: 'tail', width: 500 });
  expect(zoomTo({ min: 1500, max: 2000 }, bounds, 5, false)).toEqual({ kind: 'fixed', min: 1500, max: 2000 });
  expect(zoomTo({ min: 1200, max: 1300 }, bounds, 5, true)).toEqual({ kind: 'fixed', min: 1200, max: 1300 });
});

test('scaling keeps the centre where it is', () => {
  expect(scaleWindow({ min: 1000, max: 2000 }, 0.5, 1200)).toEqual({ min: 1100, max: 1600 });
});

test('shifting stops at the ends', () => {
  expect(shiftWindow({ min: 1200, max: 1400 }, -2, bounds)).toEqual({ min: 1000, max: 1200 });
  expect(shiftWindow({ min: 1200, max: 1400 }, 0.5, bounds)).toEqual({ min: 1300, max: 1500 });
  expect(shiftWindow({ min: 1200, max: 1400 }, 99, bounds)).toEqual({ min: 1800, max: 2000 });
});

describe('the time bar', () => {
  const window = { min: 1200, max: 1400 };

  test('is gripped by an edge, the window or free space', () => {
    expect(gripAt(1205, window, bounds, 10)).toBe('start');
    expect(gripAt(1391, window, bounds, 10)).toBe('end');
    expect(gripAt(1300, window, bounds, 10)).toBe('move');
    expect(gripAt(1700, window, bounds, 10)).toBe('create');
    expect(gripAt(1500, bounds, bounds, 10)).toBe('create');
  });

  test('drags edges, which may pass each other but not the ends', () => {
    expect(dragWindow('start', window, 1200, 1300, bounds)).toEqual({ min: 1300, max: 1400 });
    expect(dragWindow('start', window, 1200, 1600, bounds)).toEqual({ min: 1400, max: 1600 });
    expect(dragWindow('end', window, 1400, 5000, bounds)).toEqual({ min: 1200, max: 2000 });
  });

  test('moves the window and makes new ones', () => {
    expect(dragWindow('move', window, 1300, 1350, bounds)).toEqual({ min: 1250, max: 1450 });
    expect(dragWindow('move', window, 1300, -900, bounds)).toEqual({ min: 1000, max: 1200 });
    expect(dragWindow('create', window, 1800, 1600, bounds)).toEqual({ min: 1600, max: 1800 });
  });
});
