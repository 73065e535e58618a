import { bucketIndex, defaultHistogram } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import { describe, expect, it } from 'vitest';
import { tcpTraffic } from '../src/index.ts';

const [connections, messages, size] = [10, 200, 30_000];

/** Runs the load over IPv4 and IPv6; returns what the sampler counted and what the load says it did. */
async function measure(harness: Harness) {
  const read = async (direction: string) => ({
    bytes: harness.sum('tcp_bytes', { direction }),
    calls: harness.sum('tcp_packets', { direction }),
    sizes: harness.buckets('tcp_size', { direction }),
  });
  const readBoth = async () => {
    await harness.refresh();
    return { receive: await read('receive'), transmit: await read('transmit') };
  };
  const before = await readBoth();
  let reads = 0;
  for (const family of [4, 6]) {
    reads += (await runLoad('messages', family, connections, messages, size, 0)).operations;
  }
  const after = await readBoth();
  const grown = (direction: 'receive' | 'transmit') => ({
    bytes: after[direction].bytes - before[direction].bytes,
    calls: after[direction].calls - before[direction].calls,
    sizes: after[direction].sizes.map((count, bucket) => count - before[direction].sizes[bucket]!),
  });
  return {
    receive: grown('receive'),
    transmit: grown('transmit'),
    sends: 2 * connections * messages,
    reads,
  };
}

/** Others use TCP meanwhile: up to 2 % of this load. */
function expectCounted(counted: number, known: number): void {
  expect(counted).toBeGreaterThanOrEqual(known);
  expect(counted).toBeLessThan(known * 1.02 + 50);
}

const total = (buckets: readonly number[]) => buckets.reduce((sum, count) => sum + count, 0);

describe('tcp_traffic against this kernel', () => {
  it.for([
    { without: [] },
    { without: ['fexit'] },
    { without: ['fexit', 'tp_btf'] },
    { without: ['fexit', 'tp_btf', 'raw_tp'] },
  ])('counts bytes and calls of a counted load, without $without', async ({ without }, context) => {
    await using harness = await Harness.start([tcpTraffic], { without });
    const status = harness.status('tcp_traffic');
    if (status.state !== 'active') {
      expect(status).toMatchObject({ state: 'disabled', health: 'unsupported' });
      return context.skip(status.error);
    }
    expect(status.health).toBe('healthy');
    const { receive, transmit, sends, reads } = await measure(harness);
    expectCounted(transmit.bytes, sends * size);
    expectCounted(transmit.calls, sends);
    expect(total(transmit.sizes)).toBe(transmit.calls);
    expect(transmit.sizes[bucketIndex(BigInt(size), defaultHistogram)]).toBeGreaterThanOrEqual(sends);
    expect(total(receive.sizes)).toBe(receive.calls);
    // The load looks at everything with MSG_PEEK before it reads it, which a kprobe counts as well.
    const looks = status.route!.includes('kprobe') ? 2 : 1;
    expectCounted(receive.bytes, looks * sends * size);
    expectCounted(receive.calls, looks * reads);
  });

  it('says what its route counts otherwise', async () => {
    await using harness = await Harness.start([tcpTraffic]);
    const { route, missing } = harness.status('tcp_traffic');
    expect(route).toMatch(/^(fexit|tp_btf|raw_tp|kprobe)\//);
    expect(missing!.length).toBeGreaterThan(0);
  });
});
