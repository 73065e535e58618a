import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { until } from './exporters.ts';
import { exporterWith, request, scrape } from './load.ts';

/**
 * contention: how many times longer than alone work takes here now, because others use the CPUs: wall clock against CPU
 * time of 100 ms of work. Bounds on times are for a machine of one's own.
 */
function contention(): number {
  const startMs = performance.now();
  const start = process.cpuUsage();
  let cpuMs = 0;
  while (cpuMs < 100) {
    const { user, system } = process.cpuUsage(start);
    cpuMs = (user + system) / 1000;
  }
  return Math.max(1, (performance.now() - startMs) / cpuMs);
}

/**
 * best: the shortest of up to ten attempts in ms, as on a machine of one's own, and no more of them than it takes to get
 * below the bound: others use the machine, at some moments more than at others.
 */
async function best(name: string, boundMs: number, attempt: () => Promise<number>): Promise<number> {
  const attempts: number[] = [];
  let shortest = Infinity;
  while (attempts.length < 10 && shortest >= boundMs) {
    const before = contention();
    const ms = await attempt();
    attempts.push(ms);
    shortest = Math.min(shortest, ms / Math.max(before, contention()));
  }
  console.info(
    `${name}: ${attempts.map((ms) => ms.toFixed(1)).join(', ')} ms here, ${shortest.toFixed(1)} alone`,
  );
  return shortest;
}

const percentile = (values: number[], share: number) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;

describe('under load', () => {
  it('answers 1,000 concurrent scrapes within a second, with less than 64 MB more memory', async () => {
    await using running = await exporterWith(1000);
    const { port } = running.exporter;
    for (let i = 0; i < 50; i++) await scrape(port);
    const before = running.exporter.memory('VmRSS');
    const p99 = await best('p99 of 1,000 scrapes at once', 1000, async () => {
      const answers = await Promise.all(Array.from({ length: 1000 }, () => scrape(port)));
      expect(answers.every(({ head, bytes }) => head.startsWith('HTTP/1.1 200') && bytes > 90_000)).toBe(
        true,
      );
      const times = answers.map(({ ms }) => ms);
      return percentile(times, 0.99);
    });
    const growth = running.exporter.memory('VmHWM') - before;
    console.info(`+${(growth / 2 ** 20).toFixed(1)} MB`);
    expect(p99).toBeLessThan(1000);
    expect(growth).toBeLessThan(64 * 2 ** 20);
  });

  it('serves 20,000 series in under 50 ms', async () => {
    await using running = await exporterWith(20_000, '250ms');
    const { port } = running.exporter;
    const protobuf =
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
    for (const accept of ['text/plain', 'application/openmetrics-text;version=1.0.0', protobuf]) {
      const median = await best(`median of 20,000 series as ${accept.slice(0, 30)}`, 50, async () => {
        const times: number[] = [];
        for (let i = 0; i < 7; i++) {
          // Each from a new snapshot, as a server that scrapes at the polling interval has it.
          const { polls } = running.agent;
          await until(() => running.agent.polls > polls);
          const { ms, bytes } = await scrape(port, `Accept: ${accept}\r\n`);
          expect(bytes).toBeGreaterThan(1e6);
          times.push(ms);
        }
        return percentile(times, 0.5);
      });
      expect(median).toBeLessThan(50);
    }
  }, 180_000);

  it('is not harmed by slow readers, half-open connections and long headers', async () => {
    await using running = await exporterWith(20_000);
    const { port, address } = running.exporter;
    const sockets: Socket[] = [];
    const open = (text: string) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.pause();
      socket.write(text);
      sockets.push(socket);
    };
    const before = running.exporter.memory('VmRSS');
    for (let i = 0; i < 100; i++) {
      open(request());
      open('GET /metr');
      open('');
    }
    const long = await fetch(`${address}/metrics`, { headers: { 'x-long': 'a'.repeat(20_000) } });
    expect(long.status).toBe(431);
    await until(async () =>
      (await (await fetch(`${address}/metrics`)).text()).match(/scrapes_total\{format="text"\} \d{3}/),
    );
    const times: number[] = [];
    for (let i = 0; i < 20; i++) times.push((await scrape(port)).ms);
    console.info(
      `beside 300 stuck connections: median ${percentile(times, 0.5).toFixed(1)} ms, +${((running.exporter.memory('VmHWM') - before) / 2 ** 20).toFixed(0)} MB`,
    );
    expect(percentile(times, 0.5)).toBeLessThan(200 * contention());
    expect(running.exporter.memory('VmHWM') - before).toBeLessThan(128 * 2 ** 20);
    // Connections that never ask are cut off after 10 s at most.
    const halfOpen = sockets[1]!;
    halfOpen.resume();
    if (!halfOpen.destroyed) await once(halfOpen, 'close');
    for (const socket of sockets) socket.destroy();
  });
});
