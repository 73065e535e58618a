import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { bucketIndex, defaultHistogram } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import { createBpfLoader, totalOf } from '@rezolus/libbpf';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { tcp as tcpBpf } from '../src/gen/tcp.bpf.ts';
import { tcpConnectLatency, tcpPacketLatency, tcpReceive, tcpRetransmit } from '../src/index.ts';
import { snmpCounter } from './namespaces.ts';

const tcpCounter = (counter: string) => snmpCounter(readFileSync('/proc/net/snmp', 'utf8'), 'Tcp', counter);
const bucketOf = (ns: number) => bucketIndex(BigInt(ns), defaultHistogram);
const total = (buckets: readonly number[]) => buckets.reduce((sum, count) => sum + count, 0);

describe.each([{ without: [] }, { without: ['tp_btf'] }])(
  'TCP connections, without $without',
  ({ without }) => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await Harness.start([tcpConnectLatency, tcpPacketLatency, tcpReceive, tcpRetransmit], {
        without,
      });
    });
    afterAll(() => harness[Symbol.asyncDispose]());

    /** The values that a histogram got while something ran, by bucket. */
    async function grown(metric: string, during: () => Promise<unknown>): Promise<number[]> {
      await harness.refresh();
      const before = harness.buckets(metric);
      await during();
      await harness.refresh();
      return harness.buckets(metric).map((count, bucket) => count - before[bucket]!);
    }

    it('are measured by healthy samplers that lost nothing', () => {
      for (const name of ['tcp_connect_latency', 'tcp_packet_latency', 'tcp_receive', 'tcp_retransmit']) {
        expect(harness.status(name)).toMatchObject({ state: 'active', health: 'healthy' });
      }
      expect(harness.status('tcp_connect_latency').drops).toEqual({ connects_beyond_table: 0 });
      expect(harness.status('tcp_packet_latency').drops).toEqual({ segments_beyond_table: 0 });
    });

    it.each([4, 6])('have one connect latency each (IPv%i), as many as ActiveOpens', async (family) => {
      const connections = 500;
      const before = tcpCounter('ActiveOpens');
      const latencies = await grown('tcp_connect_latency', () =>
        runLoad('messages', family, connections, 0, 1, 0),
      );
      expect(total(latencies)).toBeGreaterThanOrEqual(connections);
      expect(total(latencies)).toBeLessThanOrEqual(tcpCounter('ActiveOpens') - before);
      // Loopback: less than a millisecond, but for a few that had to wait for a CPU.
      expect(total(latencies.slice(0, bucketOf(1_000_000)))).toBeGreaterThan(connections * 0.9);
    });

    it('have no connect latency where they are refused', async () => {
      const before = tcpCounter('AttemptFails');
      const latencies = await grown('tcp_connect_latency', () => runLoad('refused', 500));
      expect(tcpCounter('AttemptFails') - before).toBeGreaterThanOrEqual(500);
      expect(total(latencies)).toBeLessThan(20);
    });

    it('have one packet latency per message', async () => {
      const [connections, messages] = [10, 500];
      const latencies = await grown('tcp_packet_latency', () =>
        runLoad('messages', 4, connections, messages, 1000, 0),
      );
      expect(total(latencies)).toBeGreaterThanOrEqual(connections * messages);
      expect(total(latencies)).toBeLessThan(connections * messages * 1.02 + 50);
    });

    it('have a packet latency as long as the program leaves the data', async () => {
      const [messages, waitNs] = [40, 20_000_000];
      const latencies = await grown('tcp_packet_latency', () =>
        runLoad('messages', 6, 1, messages, 100, waitNs / 1000),
      );
      expect(total(latencies.slice(bucketOf(waitNs), bucketOf(waitNs * 10)))).toBeGreaterThanOrEqual(
        messages,
      );
    });

    it('count one round-trip time and one jitter per segment received', async () => {
      const before = tcpCounter('InSegs');
      await harness.refresh();
      const jitterBefore = harness.entries('tcp_jitter');
      const times = await grown('tcp_srtt', () => runLoad('messages', 4, 1, 5000, 1000, 0));
      const segments = tcpCounter('InSegs') - before;
      expect(segments).toBeGreaterThanOrEqual(5000);
      // SYN, SYN-ACK and the segments of closing are received by no established connection.
      expect(total(times)).toBeGreaterThanOrEqual(5000);
      expect(total(times)).toBeLessThanOrEqual(segments);
      expect(harness.entries('tcp_jitter') - jitterBefore).toBe(total(times));
    });
  },
);

describe('TCP samplers', () => {
  it('attach nothing for one another', async () => {
    const labels = async (definition: typeof tcpReceive) => {
      await using harness = await Harness.start([definition]);
      await harness.refresh();
      return harness.status(definition.name).programs!.map(({ label }) => label);
    };
    expect(await labels(tcpReceive)).toEqual(['tp_btf/tcp_probe']);
    expect(await labels(tcpRetransmit)).toEqual(['tp_btf/tcp_retransmit_skb']);
    expect(await labels(tcpConnectLatency)).toEqual(['tp_btf/inet_sock_set_state']);
  });

  it('are unsupported without their hooks', async () => {
    await using blind = await Harness.start([tcpPacketLatency], { without: ['tp_btf', 'raw_tp'] });
    expect(blind.status('tcp_packet_latency')).toMatchObject({ state: 'disabled', health: 'unsupported' });
  });

  it('count the segments whose socket finds no room in the table', async () => {
    using object = createBpfLoader().open(tcpBpf);
    const programs = ['tcp_probe_btf', 'tcp_destroy_sock_btf'];
    for (const program of Object.keys(tcpBpf.programs))
      if (!programs.includes(program)) object.disable(program);
    object.configure({ packet_latency_enabled: true });
    object.resize('banks', 1024);
    object.load();
    object.attachAll(programs);
    // Connections that nobody reads from.
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const clients = [1, 2, 3, 4].map(() => connect((server.address() as AddressInfo).port, '127.0.0.1'));
    try {
      for (const client of clients) client.write('x');
      const { offset } = tcpBpf.structs.tcp_bank.fields.untracked_segments;
      await vi.waitUntil(() => totalOf(object.map('banks'), offset) >= 3);
    } finally {
      for (const client of clients) client.destroy();
      server.close();
    }
  });
});
