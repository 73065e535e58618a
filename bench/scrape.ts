import type { AgentStatus } from '@rezolus/agent';
import { InstalledAgent } from './installed.ts';
import { median, quantile, type Table } from './table.ts';

const mb = (kb: number) => `${(kb / 1000).toFixed(1)} MB`;
const kb = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`;

/** scrape: what an agent costs at 1, 10 and 100 scrapes per second: time, size, CPU, memory, start. */
export async function scrape(quick: boolean): Promise<Table[]> {
  await using agent = await InstalledAgent.start();
  const rows: string[][] = [];
  for (const [rate, whole] of [
    [1, false],
    [10, false],
    [100, false],
    [10, true],
  ] as const) {
    const seconds = quick ? 5 : 30;
    if (process.stderr.isTTY)
      process.stderr.write(`\r\x1b[2Kscraping ${rate} times a second for ${seconds} s`);
    await agent.scrape({ whole });
    const before = agent.usage();
    const start = performance.now();
    const scrapes = await agent.scrapeAt(rate, seconds, { whole });
    const after = agent.usage();
    const elapsed = performance.now() - start;
    const times = scrapes.map(({ ms }) => ms);
    rows.push([
      `${rate} Hz${whole ? ', schemas every time' : ''}`,
      `${(((after.cpuMs - before.cpuMs) / elapsed) * 100).toFixed(2)} %`,
      `${((after.cpuMs - before.cpuMs) / scrapes.length).toFixed(2)} ms`,
      `${median(times).toFixed(2)} ms`,
      `${quantile(times, 0.99).toFixed(2)} ms`,
      kb(median(scrapes.map(({ bytes }) => bytes))),
      mb(after.rssKb),
      mb(after.privateKb),
    ]);
  }
  const status = (await (await fetch(`http://127.0.0.1:${agent.port}/status`)).json()) as AgentStatus;
  const mapBytes = status.plugins?.reduce((sum, { map_bytes }) => sum + map_bytes, 0) ?? 0;
  const active = status.samplers.filter(({ state }) => state === 'active').length;
  return [
    {
      title: 'Agent under scrapes',
      note: `The installed agent, ${active} samplers running. From start to the first snapshot: ${agent.firstMs.toFixed(0)} ms; kernel memory of maps: ${mb(mapBytes / 1000)}. CPU is of one core; times are of a whole HTTP request; our own readers ask for schemas that they do not have yet, others for all.`,
      columns: ['rate', 'agent CPU', 'CPU per scrape', 'p50', 'p99', 'snapshot', 'RSS', 'private, written'],
      rows,
    },
  ];
}

/** growth: memory of an agent that is scraped ten times a second for ten minutes (`quick`: one). */
export async function growth(quick: boolean): Promise<Table[]> {
  const minutes = quick ? 1 : 10;
  await using agent = await InstalledAgent.start();
  const rows: string[][] = [];
  for (let minute = 0; minute <= minutes; minute++) {
    const { rssKb, privateKb } = agent.usage();
    rows.push([String(minute), mb(rssKb), mb(privateKb)]);
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2Kminute ${minute} of ${minutes}`);
    if (minute < minutes) await agent.scrapeAt(10, 60);
  }
  return [
    {
      title: `Agent at 10 Hz for ${minutes} min`,
      note: 'Memory by /proc. Threads and cgroups of a machine come and go, and their series with them.',
      columns: ['minute', 'RSS', 'private, written'],
      rows,
    },
  ];
}
