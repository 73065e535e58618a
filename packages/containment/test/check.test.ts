import { bucketCount, defaultHistogram, type SeriesSchema, type SnapshotGroup } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { SnapshotCheck } from '../src/check.ts';

const definition = {
  name: 'guest',
  abi: 1,
  description: 'of a test',
  groups: [
    {
      name: 'main',
      per: 'device' as const,
      metrics: [
        { name: 'reads', kind: 'counter' as const, unit: 'bytes', labels: { op: 'read' }, description: '' },
        { name: 'level', kind: 'gauge' as const, description: '' },
        { name: 'latency', kind: 'histogram' as const, description: '' },
      ],
    },
  ],
};

function check(maxSeries = 10): SnapshotCheck {
  const made = new SnapshotCheck({ plugin: 'p', definitions: [definition], maxSeries });
  made.expect('guest', () => 100);
  return made;
}

const labels = { metric: 'reads', unit: 'bytes', op: 'read', device: 'sda', sampler: 'guest' };
const series: SeriesSchema = { name: '0x5', labels };
const schemaOf = (...counters: SeriesSchema[]) => ({ counters, gauges: [], histograms: [] });

function group(changes: Partial<SnapshotGroup> = {}, values: readonly bigint[] = [1n]): SnapshotGroup {
  return {
    name: 'guest/main',
    schema: schemaOf(series),
    schemaHash: [0n, 0n],
    window: { beginNs: 1n, endNs: 2n },
    counters: BigUint64Array.from(values),
    countersPresent: null,
    gauges: new BigInt64Array(0),
    gaugesPresent: null,
    histograms: [],
    ...changes,
  };
}

const histogram = (...counts: bigint[]) => {
  const buckets = new BigUint64Array(bucketCount(defaultHistogram));
  buckets.set(counts);
  return { config: defaultHistogram, buckets };
};

describe('SnapshotCheck', () => {
  it('gives the series the numbers and the label of their host', () => {
    const sent = schemaOf({ name: '0x5', labels: { ...labels, sampler: 'cpu_usage' } });
    const { checked, rejected } = check().check([group({ schema: sent })]);
    expect(rejected).toBe(0);
    expect(checked.get('guest')![0]!.schema.counters).toEqual([{ name: '100x5', labels }]);
  });

  it('tells kinds apart and numbers metrics by their position', () => {
    const schema = {
      counters: [],
      gauges: [{ name: '1x0', labels: { metric: 'level', device: 'a' } }],
      histograms: [{ name: '2x0', labels: { metric: 'latency', device: 'a' } }],
    };
    const sent = group({ schema, gauges: new BigInt64Array(1), histograms: [histogram(1n)] }, []);
    const [{ schema: seen }] = check().check([sent]).checked.get('guest')! as [SnapshotGroup];
    expect([seen!.gauges[0]!.name, seen!.histograms[0]!.name]).toEqual(['101x0', '102x0']);
  });

  it('leaves a counter out that went back, once, and counts it', () => {
    const one = check();
    const schema = schemaOf(series, { name: '0x6', labels: { ...labels, device: 'sdb' } });
    one.check([group({ schema }, [5n, 5n])]);
    const { checked, rejected } = one.check([group({ schema }, [4n, 6n])]);
    expect(rejected).toBe(1);
    expect(checked.get('guest')![0]!.countersPresent).toEqual(Uint8Array.of(0, 1));
    expect(one.check([group({ schema }, [5n, 6n])])).toMatchObject({ rejected: 0 });
  });

  it('leaves a histogram out of which a bucket went back', () => {
    const one = check();
    const schema = { ...schemaOf(), histograms: [{ name: '2x0', labels: { metric: 'latency' } }] };
    one.check([group({ schema, histograms: [histogram(3n, 1n)] }, [])]);
    const { checked, rejected } = one.check([group({ schema, histograms: [histogram(9n, 0n)] }, [])]);
    expect(rejected).toBe(1);
    expect(checked.get('guest')![0]!.histograms).toEqual([null]);
  });

  it('replaces control characters in labels', () => {
    const sent = schemaOf({ name: '0x5', labels: { ...labels, device: 'a\n\u0000b' } });
    const { checked } = check().check([group({ schema: sent })]);
    expect(checked.get('guest')![0]!.schema.counters[0]!.labels.device).toBe('a\ufffd\ufffdb');
  });

  it('leaves out a sampler that the agent has not taken in yet', () => {
    const early = new SnapshotCheck({ plugin: 'p', definitions: [definition], maxSeries: 10 });
    expect(early.check([group()])).toEqual({ checked: new Map(), rejected: 0 });
  });

  const named = (changes: object) =>
    group({ schema: schemaOf({ name: '0x5', labels: { ...labels, ...changes } }) });
  it.each<[string, SnapshotGroup[]]>([
    ['sent the group "cpu_usage/main"', [group({ name: 'cpu_usage/main' })]],
    ['sent the group "guest/main"', [group(), group()]],
    ['sent guest/main without its schema', [group({ schema: null })]],
    [
      'sent guest/main with a window that ends before it begins',
      [group({ window: { beginNs: 2n, endNs: 1n } })],
    ],
    ['sent the counter "writes", which guest does not declare', [named({ metric: 'writes' })]],
    ['sent the counter "level", which guest does not declare', [named({ metric: 'level' })]],
    ['sent the counter "reads", which guest does not declare', [named({ op: 'write' })]],
    ['sent the counter "reads", which guest does not declare', [named({ unit: 'nanoseconds' })]],
    ['sent reads with the label "a-b"', [named({ 'a-b': '' })]],
    ['sent reads with a label device of 513 characters', [named({ device: 'x'.repeat(513) })]],
    [
      'sent reads with 35 labels',
      [named(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`l${i}`, ''])))],
    ],
    [
      'sent a series of guest with the name "0x5 or so"',
      [group({ schema: schemaOf({ name: '0x5 or so', labels }) })],
    ],
    ['sent a series of guest twice', [group({ schema: schemaOf(series, series) }, [1n, 1n])]],
    [
      'sent guest/main with a histogram of another size',
      [
        group({
          histograms: [{ config: { groupingPower: 2, maxValuePower: 64 }, buckets: new BigUint64Array(0) }],
        }),
      ],
    ],
  ])('refuses what %s', (why, groups) => {
    expect(() => check().check(groups)).toThrow(
      expect.objectContaining({ code: 'REZ_ERR_PLUGIN_DATA', message: `p ${why}` }),
    );
  });

  it('refuses more series than are allowed', () => {
    expect(() => check(1).check([group({}, [1n, 2n])])).toThrow(
      expect.objectContaining({ code: 'REZ_ERR_PLUGIN_LIMIT', message: 'p has more than 1 series' }),
    );
  });
});
