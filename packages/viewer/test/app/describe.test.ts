import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cellText, ranges, describe as tablesOf, title } from '../../src/app/lib/describe.ts';

const recorded = new URL('../../../../../shared/recordings/systeminfo.json', import.meta.url);

test('keys become words', () => {
  expect(title('cpu_model')).toBe('CPU model');
  expect(title('memory_total_bytes')).toBe('Memory total');
  expect(title('nics')).toBe('Network interfaces');
});

test('values become text', () => {
  expect(cellText('memory_total_bytes', 2 ** 34)).toBe('16 GiB');
  expect(cellText('smt', false)).toBe('no');
  expect(cellText('speed', null)).toBe('–');
  expect(
    cellText('shared_cpus', [
      [0, 1],
      [2, 3],
    ]),
  ).toBe('0–1; 2–3');
  expect(ranges([3, 0, 1, 2, 8])).toBe('0–3, 8');
});

test('a document of any shape is described without a throw', () => {
  for (const odd of [
    null,
    undefined,
    3,
    'x',
    [],
    {},
    { a: [] },
    { a: { b: { c: 1 } } },
    { a: [1, { b: 2 }] },
  ]) {
    expect(Array.isArray(tablesOf(odd))).toBe(true);
  }
});

test.skipIf(!existsSync(recorded))(
  'the document of a real agent makes tables (skipped without ../shared)',
  () => {
    const tables = tablesOf(JSON.parse(readFileSync(recorded, 'utf8')));
    expect(tables.map(({ title: name }) => name)).toEqual([
      'System',
      'CPU topology',
      'Caches',
      'Network interfaces',
    ]);
    expect(tables[0]!.rows).toContainEqual(['CPU model', 'AMD EPYC']);
    expect(tables[2]!.columns).toEqual(['Level', 'Size', 'Instances', 'Shared CPUs']);
  },
);
