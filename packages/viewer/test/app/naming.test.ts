import { expect, test } from 'vitest';
import { compareNatural, quantileName, seriesNames } from '../../src/app/lib/naming.ts';

test('series are named by the labels that tell them apart', () => {
  expect(
    seriesNames([
      { node: 'a', op: 'read', kind: 'x' },
      { node: 'a', op: 'write', kind: 'x' },
    ]),
  ).toEqual(['read', 'write']);
  expect(
    seriesNames([
      { cpu: '0', state: 'user' },
      { cpu: '1', state: 'user' },
      { cpu: '1', state: 'system' },
    ]),
  ).toEqual(['0 · user', '1 · user', '1 · system']);
  expect(seriesNames([{ name: 'a' }, {}])).toEqual(['a', 'value']);
  expect(seriesNames([{ __name__: 'memory_free', node: 'a' }])).toEqual(['memory_free']);
  expect(seriesNames([])).toEqual([]);
});

test('quantiles are percentiles', () => {
  expect(seriesNames([{ quantile: '0.5' }, { quantile: '0.9999' }])).toEqual(['p50', 'p99.99']);
  expect(quantileName('0.999')).toBe('p99.9');
  expect(quantileName('1')).toBe('p100');
  for (const no of [undefined, '', 'x', '2', '-1']) expect(quantileName(no)).toBeNull();
});

test('names that hold numbers are in the order of the numbers', () => {
  expect(['cpu10', 'cpu2', 'cpu1'].sort(compareNatural)).toEqual(['cpu1', 'cpu2', 'cpu10']);
});

test('labels that are markup stay text', () => {
  const hostile = '<img src=x onerror=alert(1)>';
  expect(seriesNames([{ name: hostile }, { name: 'b' }])[0]).toBe(hostile);
});
