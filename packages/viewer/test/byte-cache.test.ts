import { expect, test } from 'vitest';
import { ByteCache } from '../src/server/byte-cache.ts';

test('what was used least recently goes first', () => {
  const cache = new ByteCache(10);
  const bytes = (length: number) => new Uint8Array(length);
  cache.set('a', bytes(4));
  cache.set('b', bytes(4));
  expect(cache.get('a')).toHaveLength(4);
  cache.set('c', bytes(4));
  expect(['a', 'b', 'c'].filter((key) => cache.get(key))).toEqual(['a', 'c']);
  cache.set('a', bytes(2));
  cache.set('d', bytes(4));
  expect(['a', 'c', 'd'].filter((key) => cache.get(key))).toEqual(['a', 'c', 'd']);
  cache.set('large', bytes(11));
  expect(['a', 'c', 'd', 'large'].filter((key) => cache.get(key))).toEqual(['a', 'c', 'd']);
});
