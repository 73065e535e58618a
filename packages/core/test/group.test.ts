import { describe, expect, it } from 'vitest';
import { type GroupDeclaration, MetricGroup } from '../src/index.ts';
import { ManualClock } from './fakes.ts';

const declaration: GroupDeclaration = {
  name: 'cpu',
  per: 'cpu',
  metrics: [
    { name: 'usage', kind: 'counter', unit: 'nanoseconds', labels: { state: 'user' }, description: '' },
    { name: 'latency', kind: 'histogram', description: '' },
    { name: 'usage', kind: 'counter', labels: { state: 'system' }, description: '' },
  ],
};
const cpus = [0, 1].map((id) => ({ id, labels: { id: String(id) } }));

describe('MetricGroup', () => {
  it('has no series before it has members, and then one per metric and member', () => {
    const group = new MetricGroup('cpu_usage', declaration, 7);
    expect(group.name).toBe('cpu_usage/cpu');
    expect(group.schema).toEqual({ counters: [], gauges: [], histograms: [] });
    group.setMembers(cpus);
    const labels = { metric: 'usage', sampler: 'cpu_usage' };
    expect(group.schema.counters).toEqual([
      { name: '7x0', labels: { ...labels, id: '0', state: 'user', unit: 'nanoseconds' } },
      { name: '7x1', labels: { ...labels, id: '1', state: 'user', unit: 'nanoseconds' } },
      { name: '9x0', labels: { ...labels, id: '0', state: 'system' } },
      { name: '9x1', labels: { ...labels, id: '1', state: 'system' } },
    ]);
    expect(group.schema.histograms[0]!.labels).toMatchObject({ grouping_power: '3', max_value_power: '64' });
    expect(group.histograms[0]!.buckets).toHaveLength(496);
    expect([group.counters.length, group.gauges.length, group.histograms.length]).toEqual([4, 0, 2]);
  });

  it('has a new schema object for new members, and only then', () => {
    const group = new MetricGroup('cpu_usage', declaration, 0);
    group.setMembers(cpus);
    const { schema } = group;
    group.counters[0] = 5n;
    group.beginRead();
    group.endRead();
    expect(group.schema).toBe(schema);
    group.setMembers(cpus.slice(1));
    expect(group.schema).not.toBe(schema);
    expect(group.counters).toEqual(new BigUint64Array(2));
  });

  it('stores rows by metric and member, and null as absent', () => {
    const [user, latency, system] = declaration.metrics;
    const mixed = { ...declaration, metrics: [user!, { ...latency!, kind: 'gauge' as const }, system!] };
    const group = new MetricGroup('cpu_usage', mixed, 0);
    group.setMembers(cpus);
    group.storeRows([
      [1n, -2n, 3n],
      [null, 5n, 6n],
    ]);
    expect([...group.counters]).toEqual([1n, 0n, 3n, 6n]);
    expect([...group.countersPresent!]).toEqual([1, 0, 1, 1]);
    expect([...group.gauges]).toEqual([-2n, 5n]);
    expect(group.gaugesPresent).toBeNull();
    group.storeRows([[1n, -2n, 3n]]);
    expect([...group.countersPresent!]).toEqual([1, 0, 1, 0]);
    expect([...group.gaugesPresent!]).toEqual([1, 0]);
  });

  it('names the series of a host group without a member', () => {
    const group = new MetricGroup('s', { ...declaration, per: 'host' }, 3);
    expect(group.schema.counters.map(({ name }) => name)).toEqual(['3', '5']);
    expect(group.schema.counters[0]!.labels.id).toBeUndefined();
  });

  it('stamps a window whose begin is wall time and whose width is monotonic', () => {
    const clock = new ManualClock();
    const group = new MetricGroup('s', { ...declaration, per: 'host' }, 0, clock);
    expect(group.window).toBeNull();
    group.beginRead();
    clock.ns += 1500n;
    clock.wallNs = () => 0n;
    group.endRead();
    expect(group.window).toEqual({
      beginNs: 1_700_000_000_000_000_000n,
      endNs: 1_700_000_000_000_001_500n,
    });
  });
});
