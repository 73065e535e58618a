import { readFileSync } from 'node:fs';
import { bucketIndex, defaultHistogram } from '@rezolus/core';
import { Harness } from '@rezolus/devkit';
import { describe, expect, it, vi } from 'vitest';
import { tcpReceive, tcpRetransmit } from '../src/index.ts';
import { lackOfNamespaces, Namespace, snmpCounter } from './namespaces.ts';

/** Answers each `?`. */
const server = `
  let bytes = 0;
  const server = require('net').createServer((socket) => {
    socket.setNoDelay();
    socket.on('data', (data) => {
      bytes += data.length;
      if (data.includes(63)) socket.write('!');
    });
    socket.on('end', () => console.log(bytes));
  });
  server.listen(7000, () => console.log('listening'));
`;

/** Asks and is answered a few times, then sends N times what it was told, every 20 ms, without an answer. */
const client = `
  const socket = require('net').connect(7000, process.argv[1]);
  const lines = require('readline').createInterface({ input: process.stdin });
  let answers = 0;
  socket.setNoDelay();
  socket.on('connect', () => socket.write('?'));
  socket.on('data', () => {
    if (++answers < 5) socket.write('?');
    else console.log('ready');
  });
  lines.on('line', (line) => {
    const [times, size] = line.split(' ').map(Number);
    let left = times;
    if (times === 0) return socket.end();
    const timer = setInterval(() => {
      socket.write(Buffer.alloc(size));
      if (--left === 0) {
        clearInterval(timer);
        console.log('sent');
      }
    }, 20);
  });
`;

/** What the client asks before it is ready; each `?` is a byte. */
const exchanges = 5;

describe('TCP between two network namespaces', () => {
  const lack = lackOfNamespaces();

  it('counts what is sent again as RetransSegs does', async (context) => {
    if (lack !== null) return context.skip(lack);
    using near = new Namespace('rez-test-near');
    using far = new Namespace('rez-test-far');
    near.join(far, '10.77.0.1/24', '10.77.0.2/24');
    await using harness = await Harness.start([tcpRetransmit]);
    const retransmitted = () =>
      near.snmp('Tcp', 'RetransSegs') +
      far.snmp('Tcp', 'RetransSegs') +
      snmpCounter(readFileSync('/proc/net/snmp', 'utf8'), 'Tcp', 'RetransSegs');
    await harness.refresh();
    const before = { ours: harness.sum('tcp_retransmit'), kernel: retransmitted() };

    const sink = far.start(server);
    expect(await sink.line()).toBe('listening');
    const source = near.start(client, '10.77.0.2');
    expect(await source.line()).toBe('ready');
    // Frames to a wrong hardware address are dropped at the far end.
    const address = /link\/ether (\S+)/.exec(far.ip('link', 'show', 'veth'))![1]!;
    const neighbour = (lladdr: string) =>
      near.ip('neigh', 'replace', '10.77.0.2', 'lladdr', lladdr, 'dev', 'veth', 'nud', 'permanent');
    neighbour('02:00:00:00:00:99');
    source.tell('3 200000');
    expect(await source.line()).toBe('sent');
    await vi.waitUntil(() => near.snmp('Tcp', 'RetransSegs') >= 3, { timeout: 20_000, interval: 100 });
    neighbour(address);
    source.tell('0 0');
    expect(await sink.line()).toBe(String(600_000 + exchanges));

    const kernel = retransmitted() - before.kernel;
    await harness.refresh();
    expect(kernel).toBeGreaterThan(3);
    expect(harness.sum('tcp_retransmit') - before.ours).toBe(kernel);
  });

  it('has the round-trip time that ss shows', async (context) => {
    if (lack !== null) return context.skip(lack);
    using near = new Namespace('rez-test-near');
    using far = new Namespace('rez-test-far');
    near.join(far, '10.77.0.1/24', '10.77.0.2/24');
    const sink = far.start(server);
    expect(await sink.line()).toBe('listening');
    const source = near.start(client, '10.77.0.2');
    expect(await source.line()).toBe('ready');
    await using harness = await Harness.start([tcpReceive]);
    await harness.refresh();
    const before = { srtt: harness.buckets('tcp_srtt'), jitter: harness.buckets('tcp_jitter') };
    // The far end sends nothing from now on, so what it knows of the round trip stays, and counts at each segment.
    const segments = 60;
    source.tell(`${segments} 1`);
    expect(await source.line()).toBe('sent');
    await harness.refresh();
    let shown: string;
    try {
      shown = far.run('ss', '-tinH', 'sport', '=', ':7000');
    } catch (error) {
      return context.skip(`there is no ss (iproute2): ${(error as Error).message.trim()}`);
    }
    const [, rttMs, varianceMs] = /\brtt:([\d.]+)\/([\d.]+)/.exec(shown)!;
    for (const [metric, ms, old] of [
      ['tcp_srtt', rttMs, before.srtt],
      ['tcp_jitter', varianceMs, before.jitter],
    ] as const) {
      const values = harness.buckets(metric).map((count, bucket) => count - old[bucket]!);
      // ss shows whole microseconds, six digits at most: the value may be in the bucket above. The first segment
      // still brings the acknowledgement of the last answer.
      const bucket = bucketIndex(BigInt(Math.round(Number(ms) * 1e6)), defaultHistogram);
      expect(values[bucket]! + values[bucket + 1]!).toBeGreaterThanOrEqual(segments - 1);
    }
  });
});
