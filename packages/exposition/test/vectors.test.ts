import type { GroupSchema, Snapshot, SnapshotGroup } from '@rezolus/core';
import { bucketCount, defaultHistogram } from '@rezolus/core/histogram';
import { describe, expect, it } from 'vitest';
import { decodeSnapshot, encodeV2, encodeV3, schemaHash } from '../src/index.ts';

// Bytes made by the original's crates (metriken-exposition 0.19, histogram 1.5), not by this package.
const schemaHex =
  '939192a335783083a26964a130a66d6574726963a96370755f7573616765a57374617465a475736572909192a13783ae67726f7570696e675f706f776572a130af6d61785f76616c75655f706f776572a132a66d6574726963a178';
const v3Hex =
  `9492ce6553f100ce075bcd159200ce0016e36081a6736f75726365a772657a6f6c75739297b76370755f75736167652f6370755f75736167655f63707592cf67d0e90df160af74cf795c54393817171d${schemaHex}` +
  '92cf17979cfe362a0000cf17979cfe362a753091cd012c9091929803000201020201019300010097a67a2f6d61696e920102c0c091c092fbcf000001000000000091c0';
const v2Hex =
  '9692ce6553f100ce075bcd159200ce0016e36081a6736f75726365a772657a6f6c75739294a3357830cd012c81a66d6574726963a96370755f7573616765920a1493a13601809193a131f9809193a137929803000201020201019300010080';

const small = { groupingPower: 0, maxValuePower: 2 };
const oneInSmall = { config: small, buckets: new BigUint64Array([0n, 1n, 0n]) };
const schema: GroupSchema = {
  counters: [{ name: '5x0', labels: { state: 'user', metric: 'cpu_usage', id: '0' } }],
  gauges: [],
  histograms: [{ name: '7', labels: { metric: 'x', grouping_power: '0', max_value_power: '2' } }],
};
const times = { systemTimeNs: 1_700_000_000_123_456_789n, durationNs: 1_500_000n };
const snapshot: Snapshot = {
  ...times,
  metadata: { source: 'rezolus' },
  groups: [
    group({
      name: 'cpu_usage/cpu_usage_cpu',
      schema,
      window: { beginNs: 1_700_000_000_000_000_000n, endNs: 1_700_000_000_000_030_000n },
      counters: new BigUint64Array([300n]),
      histograms: [oneInSmall],
    }),
    group({
      name: 'z/main',
      schemaHash: [1n, 2n],
      counters: new BigUint64Array(1),
      countersPresent: new Uint8Array(1),
      gauges: new BigInt64Array([-5n, 2n ** 40n]),
      histograms: [null],
    }),
  ],
};

describe('msgpack of the original', () => {
  it('encodes a V3 snapshot to the same bytes', () => {
    expect(hex(encodeV3(snapshot))).toBe(v3Hex);
  });

  it('decodes a V3 snapshot, with a group that has no schema, window or values', () => {
    const decoded = decodeSnapshot(Buffer.from(v3Hex, 'hex'));
    expect(decoded.systemTimeNs).toBe(times.systemTimeNs);
    expect(decoded.durationNs).toBe(times.durationNs);
    expect(decoded.groups[0]).toEqual({
      ...snapshot.groups[0],
      schemaHash: [0x67d0e90df160af74n, 0x795c54393817171dn],
    });
    expect(decoded.groups[1]).toEqual(snapshot.groups[1]);
    expect(hex(encodeV3(decoded))).toBe(v3Hex);
  });

  it('decodes a V2 snapshot into groups and encodes it back', () => {
    const decoded = decodeSnapshot(Buffer.from(v2Hex, 'hex'));
    expect(decoded.groups.map((g) => g.name)).toEqual(['unattributed/1', 'unattributed/main']);
    expect(decoded.groups[0]).toMatchObject({
      schema: { counters: [{ name: '5x0', labels: { metric: 'cpu_usage' } }] },
      window: { beginNs: 10n, endNs: 20n },
      counters: new BigUint64Array([300n]),
    });
    expect(decoded.groups[1]).toMatchObject({
      window: null,
      counters: new BigUint64Array([1n]),
      gauges: new BigInt64Array([-7n]),
      histograms: [oneInSmall],
    });
    expect(hex(encodeV2(decoded))).toBe(v2Hex);
  });

  it('decodes a V1 snapshot, which is V2 without a duration', () => {
    const v1Hex = v2Hex.replace(/^96/, '95').replace('9200ce0016e360', '');
    const decoded = decodeSnapshot(Buffer.from(v1Hex, 'hex'));
    expect(decoded.durationNs).toBe(0n);
    expect(hex(encodeV2({ ...decoded, durationNs: times.durationNs }))).toBe(v2Hex);
  });

  it('hashes schemas, whatever the order of their labels', () => {
    expect(schemaHash(schema)).toEqual([0x67d0e90df160af74n, 0x795c54393817171dn]);
    expect(schemaHash({ counters: [], gauges: [], histograms: [] })).toEqual([
      0x6370115622757277n,
      0xb806e79deae054aen,
    ]);
  });

  it('writes an empty histogram of 496 buckets in 519 bytes', () => {
    const empty = {
      config: defaultHistogram,
      buckets: new BigUint64Array(bucketCount(defaultHistogram)),
    };
    const bytes = encodeV3({ ...snapshot, groups: [group({ name: 'h/main', histograms: [empty] })] });
    const expected = `9298cfffffffffffffffff034004101008cd01e0dc01f0${'00'.repeat(496)}`;
    expect(expected.length / 2).toBe(519);
    expect(hex(bytes).endsWith(expected)).toBe(true);
  });

  it('keeps every integer at the edges of its encodings', () => {
    const unsigned = [0n, 127n, 128n, 255n, 256n, 65535n, 65536n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 64n - 1n];
    const signed = [31n, 32n, 127n, 128n, 32767n, 32768n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 63n - 1n];
    const gauges = [...signed, ...signed.map((value) => -value - 1n), ...signed.map((value) => -value)];
    const bytes = encodeV3({
      ...snapshot,
      groups: [
        group({
          name: 'n/main',
          counters: BigUint64Array.from(unsigned),
          gauges: BigInt64Array.from(gauges),
        }),
      ],
    });
    // Smallest forms as msgpack's specification lists them.
    expect(hex(bytes)).toContain(
      '9a007fcc80ccffcd0100cdffffce00010000ceffffffffcf0000000100000000cfffffffffffffffff',
    );
    expect(hex(bytes)).toContain(
      'e0d0dfd080d1ff7fd18000d2ffff7fffd280000000d3ffffffff7fffffffd38000000000000000',
    );
    const decoded = decodeSnapshot(bytes).groups[0]!;
    expect([...decoded.counters]).toEqual(unsigned);
    expect([...decoded.gauges]).toEqual(gauges);
  });

  it('keeps long and foreign text', () => {
    const labels = { name: 'ü'.repeat(20_000), comm: '\u{1f600}"\n', ['__proto__']: 'x' };
    const decoded = decodeSnapshot(encodeV3({ ...snapshot, metadata: labels }));
    expect(Object.entries(decoded.metadata)).toEqual(Object.entries(labels));
  });
});

function group(fields: Partial<SnapshotGroup> & { name: string }): SnapshotGroup {
  return {
    schema: null,
    schemaHash: null,
    window: null,
    counters: new BigUint64Array(),
    countersPresent: null,
    gauges: new BigInt64Array(),
    gaugesPresent: null,
    histograms: [],
    ...fields,
  };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
