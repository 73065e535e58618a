import { once } from 'node:events';
import { connect } from 'node:net';
import type { Snapshot } from '@rezolus/core';
import { histogramOf, snapshotOf } from '../../exposition/test/prometheus/snapshots.ts';
import { ExporterProcess } from './exporter-process.ts';
import { until } from './exporters.ts';
import { FakeAgent } from './fake-agent.ts';

/** seriesOf: as many series as asked for, 50 of them histograms. */
function seriesOf(count: number): Snapshot {
  return snapshotOf({
    counters: Array.from({ length: count - 50 }, (_, i) => ({
      labels: {
        metric: `metric_${i % 60}`,
        sampler: 's',
        id: String(i),
        name: `/system.slice/unit-${i}.service`,
      },
      value: BigInt(i) * 987_654_321n,
    })),
    histograms: Array.from({ length: 50 }, (_, i) => ({
      labels: { metric: `latency_${i % 10}`, sampler: 's', op: String(i) },
      value: histogramOf(Array.from({ length: 200 }, (_, j) => j * j * (i + 1))),
    })),
  });
}

/** exporterWith: an exporter of its own process, and an agent with so many series. */
export async function exporterWith(count: number, interval = '1s') {
  const agent = await FakeAgent.start(seriesOf(count));
  const exporter = await ExporterProcess.start(
    `[general]\nlisten = "127.0.0.1:0"\nsource = "${agent.url}"\ninterval = "${interval}"`,
  );
  await until(async () =>
    (await (await fetch(`${exporter.address}/metrics`)).text()).includes('\nmetric_0_total'),
  );
  return {
    agent,
    exporter,
    async [Symbol.asyncDispose]() {
      await exporter[Symbol.asyncDispose]();
      await agent[Symbol.asyncDispose]();
    },
  };
}

/** request: what a scraper sends. */
export const request = (headers = '') =>
  `GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${headers}\r\n`;

/** scrape: one scrape over a connection of its own; milliseconds from the connect, and how much came. */
export async function scrape(
  port: number,
  headers = '',
): Promise<{ ms: number; bytes: number; head: string }> {
  const startMs = performance.now();
  const socket = connect(port, '127.0.0.1');
  socket.write(request(headers));
  let head = '';
  socket.once('data', (part) => {
    head = part.toString('latin1', 0, 100);
    // What follows is only counted: the client should not be what is measured.
    socket.resume();
  });
  await once(socket, 'close');
  return { ms: performance.now() - startMs, bytes: socket.bytesRead, head };
}
