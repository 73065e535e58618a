import { MetricGroup, type Snapshot } from '@rezolus/core';
import { decodeSnapshot, SnapshotDecoder } from '@rezolus/exposition';
import { describe, expect, it } from 'vitest';
import { SnapshotCache } from '../src/snapshot.ts';
import { ManualClock } from './fakes.ts';

/** setUp: a cache over one counter that counts refreshes; each refresh takes until `finish` is called. */
function setUp({ slow = false } = {}) {
  const clock = new ManualClock();
  const group = new MetricGroup(
    'fake',
    { name: 'main', per: 'host', metrics: [{ name: 'refreshes', kind: 'counter', description: '' }] },
    0,
    clock,
  );
  const finishers: (() => void)[] = [];
  const samplers = {
    refresh: () => {
      group.counters[0]! += 1n;
      return slow ? new Promise<void>((resolve) => finishers.push(resolve)) : Promise.resolve();
    },
    groups: () => [group],
  };
  const cache = new SnapshotCache({ samplers, metadata: { source: 'rezolus' }, ttlMs: 10, clock });
  return { cache, clock, group, samplers, finish: () => finishers.shift()!() };
}

/** decoded: without the hashes, which only travel. */
function decoded(bytes: Buffer): Snapshot {
  const snapshot = decodeSnapshot(bytes);
  return { ...snapshot, groups: snapshot.groups.map((group) => ({ ...group, schemaHash: null })) };
}

function refreshes(bytes: Buffer): bigint {
  return decodeSnapshot(bytes).groups[0]!.counters[0]!;
}

describe('SnapshotCache', () => {
  it('serves the same bytes until the TTL has passed', async () => {
    const { cache, clock } = setUp();
    const first = await cache.read('v3');
    clock.advance(10);
    expect(await cache.read('v3')).toBe(first);
    clock.advance(1);
    expect(refreshes(await cache.read('v3'))).toBe(2n);
  });

  it('counts the TTL from the start of the refresh', async () => {
    const { cache, clock, finish } = setUp({ slow: true });
    const first = cache.read('v3');
    clock.advance(8);
    finish();
    expect(refreshes(await first)).toBe(1n);
    clock.advance(3);
    const second = cache.read('v3');
    finish();
    expect(refreshes(await second)).toBe(2n);
  });

  it('lets concurrent readers share one refresh, whatever their format', async () => {
    const { cache, clock, finish } = setUp({ slow: true });
    const readers = [cache.read('v3'), cache.read('v2')];
    clock.advance(100);
    readers.push(cache.read('json'), cache.read('v3'));
    finish();
    const [v3, v2, json, again] = await Promise.all(readers);
    expect([refreshes(v3!), refreshes(v2!)]).toEqual([1n, 1n]);
    expect(JSON.parse(json!.toString()).groups[0].counters).toEqual([1]);
    expect(again).toBe(v3);
  });

  it('does not mix values of the next refresh into a snapshot', async () => {
    const { cache, clock, finish } = setUp({ slow: true });
    const first = cache.read('v3');
    clock.advance(100);
    finish();
    await first;
    const second = cache.read('v3');
    const other = cache.read('v2');
    finish();
    expect([refreshes(await first), refreshes(await second), refreshes(await other)]).toEqual([1n, 2n, 2n]);
  });

  it('copies what the next refresh overwrites', async () => {
    const { cache, clock, group, finish } = setUp({ slow: true });
    const first = cache.copy();
    const bytes = cache.read('v3');
    finish();
    const copy = await first;
    expect(copy).toEqual(decoded(await bytes));
    expect(await cache.copy()).toBe(copy);
    clock.advance(100);
    const second = cache.copy();
    finish();
    expect((await second).groups[0]!.counters).toEqual(BigUint64Array.of(2n));
    expect(copy.groups[0]!.counters).toEqual(BigUint64Array.of(1n));
    expect((await second).groups[0]!.schema).toBe(group.schema);
  });

  it('says when the refresh began and how long it took', async () => {
    const { cache, clock, finish } = setUp({ slow: true });
    const began = clock.wallNs();
    const reading = cache.read('v3');
    clock.advance(3);
    finish();
    expect(decodeSnapshot(await reading)).toMatchObject({
      systemTimeNs: began,
      durationNs: 3_000_000n,
      metadata: { source: 'rezolus' },
    });
  });

  it('leaves out the schemas that a reader knows, until they change or the agent is another', async () => {
    const { cache, clock, group } = setUp();
    const decoder = new SnapshotDecoder();
    const next = async (state: string) => {
      clock.advance(11);
      const news = await cache.readNews(state);
      const schema = decodeSnapshot(news.bytes).groups[0]!.schema;
      return { ...news, hasSchema: schema !== null, decoded: decoder.decode(news.bytes).groups[0]! };
    };
    const first = await next('');
    expect(first.hasSchema).toBe(true);
    const second = await next(first.state);
    expect(second).toMatchObject({ state: first.state, hasSchema: false });
    expect(second.decoded).toMatchObject({
      schema: first.decoded.schema,
      counters: new BigUint64Array([2n]),
    });
    group.setMembers([{ id: 1, labels: { cpu: '1' } }]);
    const third = await next(second.state);
    expect(third.state).not.toBe(first.state);
    expect(third.decoded.schema!.counters[0]!.labels.cpu).toBe('1');
    // One that missed the change, one of another run, and nonsense.
    for (const state of [first.state, '00000000-9', '', '-', `${third.state.split('-')[0]}-x`]) {
      expect((await next(state)).hasSchema).toBe(true);
    }
    expect((await next(third.state)).hasSchema).toBe(false);
  });

  it('tries again after a refresh that failed', async () => {
    const { cache, samplers } = setUp();
    const { refresh } = samplers;
    samplers.refresh = () => Promise.reject(new Error('broken'));
    await expect(cache.read('v3')).rejects.toThrow('broken');
    samplers.refresh = refresh;
    expect(refreshes(await cache.read('v3'))).toBe(1n);
  });
});
