import { expect, test } from 'vitest';
import type { Plot } from '../src/contract.ts';
import { draw, type Scene } from '../src/tui/screen.ts';
import { bars, between, columnsOf, fit, printable } from '../src/tui/text.ts';

test('what strangers name cannot move the cursor', () => {
  expect(printable('a\u001b[2Jb\r\nc\u202ed\u009b')).toBe('a·[2Jb··c·d·');
});

test('text takes the columns it is given', () => {
  expect(fit('abcdef', 4)).toBe('abc…');
  expect(fit('ab', 4)).toBe('ab  ');
  expect(between('left', 'right', 12)).toBe('left   right');
  expect(between('a long left', 'right', 10)).toBe('a lo…right');
});

test('bars rise with values, and a little is not nothing', () => {
  expect(bars([0, 1, 4, 8, Number.NaN], 8, 1)).toEqual([' ▁▄█ ']);
  expect(bars([0.001, 16], 16, 2)).toEqual([' █', '▁█']);
});

test('a column keeps the spike in it, and lines cross short gaps only', () => {
  const times = Float64Array.from([0, 1000, 2000, 7000, 8000, 9000]);
  const values = Float64Array.from([1, 50, 1, 2, 2, 2]);
  const span = { start: 0, end: 10_000 };
  expect(columnsOf({ times, values }, span, 5, 1500)).toEqual([50, 1, 1, 2, 2]);
  expect(columnsOf({ times, values }, span, 10, 1500)).toEqual([
    1,
    50,
    1,
    1,
    1,
    Number.NaN,
    Number.NaN,
    2,
    2,
    2,
  ]);
});

const plot: Plot = { id: 'p', title: 'Busy', style: 'line', unit: 'percentage', query: 'x', width: 'half' };
const series = (name: string, value: number) => ({
  labels: { name },
  times: Float64Array.from([0, 1000, 2000]),
  values: Float64Array.from([0, value, value]),
});
const scene: Scene = {
  name: 'a.parquet',
  page: 'browse',
  sections: [{ name: 'Overview', available: 1, plots: 2 }],
  section: 0,
  first: 0,
  charts: [
    { plot, reply: { kind: 'lines', series: [series('only', 0.5)] } },
    {
      plot: { ...plot, title: 'Each', style: 'lines' },
      reply: { kind: 'lines', series: [series('\u001b[31mevil', 0.1), series('good', 1)] },
    },
    { plot: { ...plot, title: 'Late' }, reply: null },
    { plot: { ...plot, title: 'Wrong' }, reply: 'it has no data' },
  ],
  start: 0,
  end: 3000,
  step: 1000,
  note: '',
};

test.each([
  [120, 40],
  [49, 24],
  [30, 10],
  [10, 3],
])('a screen of %d x %d is filled and never more', (columns, rows) => {
  for (const page of ['overview', 'browse', 'help'] as const) {
    const lines = draw({ ...scene, page }, columns, rows);
    expect(lines).toHaveLength(rows);
    expect(lines.map((line) => [...line].length)).toEqual(lines.map(() => columns));
    expect(lines.join('')).not.toContain('\u001b');
  }
});

test('charts tell their last value and highest value, lines come by their last one', () => {
  const text = draw(scene, 100, 30).join('\n');
  expect(text).toMatch(/Busy +50 % {2}max 50 %/);
  expect(text.indexOf('good')).toBeLessThan(text.indexOf('evil'));
  expect(text).toContain('it has no data');
});
