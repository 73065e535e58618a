import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { until } from '../packages/exporter/test/exporters.ts';
import { exporterWith, request, scrape } from '../packages/exporter/test/load.ts';
import { freePort, Rezolus, startAgent, TemporaryFolder } from '../tests/support/rezolus.ts';
import { usageOf } from './installed.ts';
import { median, quantile, type Table } from './table.ts';

const formats: Readonly<Record<string, string>> = {
  text: 'text/plain',
  OpenMetrics: 'application/openmetrics-text;version=1.0.0',
  protobuf: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
};
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const ms = (value: number) => `${value.toFixed(1)} ms`;

/** One scrape after the other, each of a new snapshot, as a server that scrapes at the polling interval has it. */
async function formatsTable(quick: boolean): Promise<Table> {
  const rows: string[][] = [];
  for (const series of [1000, 20_000]) {
    await using running = await exporterWith(series, '250ms');
    const { pid, port } = running.exporter;
    for (const [name, accept] of Object.entries(formats)) {
      for (const encoding of ['identity', 'gzip']) {
        const times: number[] = [];
        let bytes = 0;
        const before = usageOf(pid).cpuMs;
        for (let i = 0; i < (quick ? 10 : 60); i++) {
          const { polls } = running.agent;
          await until(() => running.agent.polls > polls);
          const result = await scrape(port, `Accept: ${accept}\r\nAccept-Encoding: ${encoding}\r\n`);
          times.push(result.ms);
          bytes = result.bytes;
        }
        const { cpuMs, rssKb } = usageOf(pid);
        rows.push([
          String(series),
          encoding === 'gzip' ? `${name}, gzip` : name,
          ms(median(times)),
          ms(quantile(times, 0.99)),
          `${(bytes / 1000).toFixed(0)} KB`,
          ms((cpuMs - before) / times.length),
          megabytes(rssKb * 1024),
        ]);
      }
    }
  }
  return {
    title: 'Exporter: one scrape',
    note: 'From the connect to the last byte; 50 of the series are histograms. CPU is of the exporter for a poll and its scrape.',
    columns: ['series', 'format', 'p50', 'p99', 'size', 'CPU', 'RSS'],
    rows,
  };
}

/** A thousand scrapers at once, alone and beside clients that are stuck. */
async function crowdTable(quick: boolean): Promise<Table> {
  await using running = await exporterWith(1000);
  const { exporter } = running;
  for (let i = 0; i < 50; i++) await scrape(exporter.port);
  const rows: string[][] = [];
  const measure = async (name: string, count: number) => {
    const before = exporter.memory('VmRSS');
    const { cpuMs } = usageOf(exporter.pid);
    const times: number[] = [];
    for (let burst = 0; burst < (quick ? 1 : 5); burst++) {
      const answers = await Promise.all(Array.from({ length: count }, () => scrape(exporter.port)));
      times.push(...answers.map((answer) => answer.ms));
    }
    const growth = exporter.memory('VmHWM') - before;
    rows.push([
      name,
      String(count),
      ms(median(times)),
      ms(quantile(times, 0.99)),
      `${((usageOf(exporter.pid).cpuMs - cpuMs) / times.length).toFixed(2)} ms`,
      `+${megabytes(growth)}`,
    ]);
  };
  await measure('alone', 1);
  await measure('at once', 1000);
  const stuck: Socket[] = [];
  for (const text of [request(), 'GET /metr', '']) {
    for (let i = 0; i < 100; i++) {
      const socket = connect(exporter.port, '127.0.0.1').on('error', () => {});
      socket.pause();
      socket.write(text);
      stuck.push(socket);
    }
  }
  await Promise.all(stuck.map((socket) => once(socket, 'connect')));
  await measure('beside 300 clients that read nothing or say nothing', 100);
  for (const socket of stuck) socket.destroy();
  return {
    title: 'Exporter: many scrapes at once',
    note: '1,000 series as text, 90 KB each.',
    columns: ['scrapers', 'number', 'p50', 'p99', 'CPU per scrape', 'highest RSS'],
    rows,
  };
}

/** What an agent costs that nobody scrapes as Prometheus does, one with an exporter beside it, and one with one in it. */
async function embeddedTable(quick: boolean): Promise<Table> {
  const rows: string[][] = [];
  const run = async (name: string, pids: readonly number[], url: string, accept: string) => {
    const seconds = quick ? 10 : 60;
    const get = async () => (await fetch(url, { headers: { accept } })).bytes();
    for (let i = 0; i < 20; i++) await get();
    const before = pids.map(usageOf);
    for (let i = 0; i < seconds; i++) {
      await get();
      await setTimeout(1000);
    }
    const after = pids.map(usageOf);
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    rows.push([
      name,
      `${(sum(after.map(({ cpuMs }, i) => cpuMs - before[i]!.cpuMs)) / seconds / 10).toFixed(2)} %`,
      megabytes(sum(after.map(({ rssKb }) => rssKb)) * 1024),
      megabytes(sum(after.map(({ privateKb }) => privateKb)) * 1024),
    ]);
  };
  {
    using folder = new TemporaryFolder();
    const { agent, url } = await startAgent(folder);
    await using _agent = agent;
    await run('agent, snapshots only', [agent.child.pid!], `${url}/metrics/binary`, '*/*');
    const port = await freePort();
    const config = `[general]\nlisten = "127.0.0.1:${port}"\nsource = "${url}"\n`;
    await using exporter = new Rezolus(['exporter', folder.file('exporter.toml', config)]);
    await exporter.printed(/"address":"http/);
    const pids = [agent.child.pid!, exporter.child.pid!];
    await run('agent and exporter', pids, `http://127.0.0.1:${port}/metrics`, formats.protobuf!);
  }
  using folder = new TemporaryFolder();
  const port = await freePort();
  const { agent } = await startAgent(folder, `[prometheus]\nlisten = "127.0.0.1:${port}"\n`);
  await using _agent = agent;
  await run(
    'agent with [prometheus] listen',
    [agent.child.pid!],
    `http://127.0.0.1:${port}/metrics`,
    formats.protobuf!,
  );
  return {
    title: 'Exporter: beside the agent or in it',
    note: 'One scrape per second of all samplers over protobuf. CPU is of one core; memory of all processes together.',
    columns: ['processes', 'CPU', 'RSS', 'private'],
    rows,
  };
}

/** exporter: what scrapes cost, one, many and stuck ones, and what the exporter itself does in its two forms. */
export async function exporter(quick: boolean): Promise<Table[]> {
  return [await formatsTable(quick), await crowdTable(quick), await embeddedTable(quick)];
}
