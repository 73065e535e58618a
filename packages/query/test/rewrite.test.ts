import { expect, it } from 'vitest';
import { addMatcher } from '../src/rewrite.ts';

const node = { name: 'node', op: '=', value: 'a"b' } as const;

it.each([
  ['up', 'up{node="a\\"b"}'],
  ['up{}', 'up{node="a\\"b"}'],
  ['up {x="y"}', 'up {node="a\\"b",x="y"}'],
  ['{__name__="up"}', '{node="a\\"b",__name__="up"}'],
  [
    'sum by (node) (rate(up[5m])) / cpu_cores',
    'sum by (node) (rate(up{node="a\\"b"}[5m])) / cpu_cores{node="a\\"b"}',
  ],
  ['histogram_quantiles([0.5], lat{op="r"}, 5)', 'histogram_quantiles([0.5], lat{node="a\\"b",op="r"}, 5)'],
  ['a offset 5m + a @ 3', 'a{node="a\\"b"} offset 5m + a{node="a\\"b"} @ 3'],
  ['max_over_time(rate(x[1m])[5m:1m]) # up', 'max_over_time(rate(x{node="a\\"b"}[1m])[5m:1m]) # up'],
  ['time() + 1', 'time() + 1'],
])('%s', (query, expected) => {
  expect(addMatcher(query, node)).toBe(expected);
  // What comes out can be taken in again.
  expect(() => addMatcher(expected, node)).not.toThrow();
});

it('leaves out the selectors that it is told to', () => {
  const isOther = (matchers: readonly { name: string; value: string }[]) =>
    !matchers.some(({ name, value }) => name === '__name__' && value === 'service');
  expect(addMatcher('service + up', node, isOther)).toBe('service + up{node="a\\"b"}');
});
