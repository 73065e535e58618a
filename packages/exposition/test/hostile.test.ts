import { RezolusError } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { decodeSnapshot } from '../src/index.ts';
import { recording, recordingsMissing } from './recordings.ts';

const empty = '9492000092000080';
const emptySchemaHash = '92cf6370115622757277cfb806e79deae054ae';

/** oneGroup: a snapshot with one group `a` without a window, in hex. */
function oneGroup(hash: string, schema: string, values: string): string {
  return `${empty}9197a161${hash}${schema}c0${values}`;
}

/** histogram: one of grouping power 0 and values up to 3, which has three buckets. */
function histogram(buckets: string): string {
  return `92980300020102020101${buckets}`;
}

describe('hostile bytes', () => {
  it.each([
    ['nothing', '', 'the bytes end'],
    ['an array of 3', '93000000', 'not an array of 4, 5 or 6'],
    ['a map', '80', 'expected an array'],
    ['trailing bytes', `${empty}9000`, 'trailing bytes'],
    ['an array that claims 2^32 - 1 groups', `${empty}ddffffffff`, 'more than there are bytes'],
    ['metadata that claims 2^32 - 1 keys', '94920000920000dfffffffff', 'more than there are bytes'],
    ['a string that claims 2^32 - 1 bytes', '9492000092000081dbffffffff', 'more than there are bytes'],
    ['text that is not UTF-8', '9492000092000081a1ffa161', 'not UTF-8'],
    ['nested arrays', '91'.repeat(10_000), 'not an array of 4, 5 or 6'],
    ['a billion nanoseconds', '949200ce3b9aca009200008090', 'more than a second'],
    ['a negative second', '94920fff9200008090', 'expected an unsigned integer'],
    ['a wrong schema hash', oneGroup('920000', '93909090', '909090'), 'does not have the hash'],
    ['fewer series than values', oneGroup(emptySchemaHash, '93909090', '91009090'), 'do not line up'],
    ['a bucket too few', oneGroup('920000', 'c0', `909091${histogram('920000')}`), 'has 2 buckets'],
    ['an absent bucket', oneGroup('920000', 'c0', `909091${histogram('9300c000')}`), 'lacks a bucket'],
    ['a power of 200', oneGroup('920000', 'c0', '909091929803ccc802010202010193000100'), 'impossible powers'],
    ['a counter below zero', oneGroup('920000', 'c0', '91ff9090'), 'expected an unsigned integer'],
    ['a gauge of 2^63', oneGroup('920000', 'c0', '9091cf800000000000000090'), 'beyond 2^63 - 1'],
  ])('refuses %s', (_, hex, message) => {
    expect(() => decodeSnapshot(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({ code: 'REZ_ERR_SNAPSHOT_FORMAT', message: expect.stringContaining(message) }),
    );
  });

  it('accepts a snapshot without groups, so that the cases above fail for their own reason', () => {
    expect(decodeSnapshot(Buffer.from(`${empty}90`, 'hex')).groups).toEqual([]);
  });

  it.skipIf(recordingsMissing)(
    'decodes or refuses 2,000 damaged snapshots in bounded time',
    () => {
      const bytes = recording('snapshot-v3-a.msgpack');
      const random = generator(1);
      let decoded = 0;
      const began = performance.now();
      for (let i = 0; i < 2000; i++) {
        const damaged = i % 4 === 0 ? bytes.subarray(0, random() * bytes.length) : flipBits(bytes, random);
        try {
          decodeSnapshot(damaged);
          decoded++;
        } catch (error) {
          expect(error).toBeInstanceOf(RezolusError);
          expect((error as RezolusError).code).toBe('REZ_ERR_SNAPSHOT_FORMAT');
        }
      }
      expect(decoded).toBeLessThan(2000);
      expect((performance.now() - began) / 2000).toBeLessThan(50);
    },
    120_000,
  );
});

/** flipBits: a copy with one to eight bits flipped, half of the time near the start, where the structure is dense. */
function flipBits(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const reach = random() < 0.5 ? 2000 : copy.length;
  for (let flips = 1 + Math.floor(random() * 8); flips > 0; flips--) {
    copy[Math.floor(random() * reach)]! ^= 1 << Math.floor(random() * 8);
  }
  return copy;
}

/** generator: mulberry32, so that a failure can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
