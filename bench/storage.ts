import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseExposition } from '@rezolus/exposition';
import { scrapeConfig, serversMissing, TimeSeriesServer } from '../packages/exporter/test/servers.ts';
import { freePort, Rezolus, startAgent, TemporaryFolder } from '../tests/support/rezolus.ts';
import type { Table } from './table.ts';

const protobuf = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

interface Block {
  readonly series: number;
  readonly samples: number;
  readonly chunkBytes: number;
  readonly indexBytes: number;
}

/** blockOf: what a server has on disk, written out as it does every two hours. */
async function blockOf(server: TimeSeriesServer): Promise<Block> {
  const answer = await fetch(`${server.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' });
  const { data } = (await answer.json()) as { data: { name: string } };
  const folder = join(server.path, 'data/snapshots', data.name);
  const sum = { series: 0, samples: 0, chunkBytes: 0, indexBytes: 0 };
  for (const block of readdirSync(folder)) {
    const { stats } = JSON.parse(readFileSync(join(folder, block, 'meta.json'), 'utf8'));
    sum.series += stats.numSeries;
    sum.samples += stats.numSamples;
    sum.indexBytes += statSync(join(folder, block, 'index')).size;
    for (const segment of readdirSync(join(folder, block, 'chunks'))) {
      sum.chunkBytes += statSync(join(folder, block, 'chunks', segment)).size;
    }
  }
  return sum;
}

/**
 * storage: what the metrics of this machine, with whatever load it has, cost in a real Prometheus: on the wire, and on
 * disk per sample, scraped every second and every 15 s. Cgroups are apart: where they come and go, most of it is theirs. Takes 5 minutes (`quick`) or
 * 32: 128 samples of each series at 15 s, of which a chunk takes 120.
 */
export async function storage(quick: boolean): Promise<Table[]> {
  if (serversMissing) throw new Error('no Prometheus: run scripts/setup test');
  using folder = new TemporaryFolder();
  const { agent, url } = await startAgent(folder);
  await using _agent = agent;
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const config = `[general]\nlisten = "127.0.0.1:${port}"\nsource = "${url}"\n`;
  await using exporter = new Rezolus(['exporter', folder.file('exporter.toml', config)]);
  await exporter.printed(/"address":"http/);
  const get = async (headers: Record<string, string>) =>
    (await fetch(`${address}/metrics`, { headers })).text();
  while (!(await get({})).includes('# TYPE cpu_usage_total')) await setTimeout(100);
  const histograms = parseExposition(await get({}), 'text').flatMap(({ name, type }) =>
    type === 'histogram' && !name.startsWith('rezolus_exporter_') ? [name] : [],
  );

  const isHistogram = `(?:${histograms.join('|')})(?:_recent.*)?`;
  const isCgroup = 'cgroup_.*';
  const kinds: Readonly<Record<string, readonly (readonly [action: 'keep' | 'drop', regex: string])[]>> = {
    scalars: [
      ['drop', isHistogram],
      ['drop', isCgroup],
    ],
    'scalars of cgroups': [
      ['drop', isHistogram],
      ['keep', isCgroup],
    ],
    'native histograms': [
      ['keep', isHistogram],
      ['drop', isCgroup],
    ],
  };
  const starting = [1, 15].flatMap((seconds) =>
    Object.entries(kinds).map(async ([kind, rules]) => {
      const relabel = rules.map(
        ([action, regex]) => `      - {action: ${action}, source_labels: [__name__], regex: '${regex}'}\n`,
      );
      const server = await TimeSeriesServer.prometheus(
        scrapeConfig(address, `${seconds}s`, `    metric_relabel_configs:\n${relabel.join('')}`),
        ['--enable-feature=native-histograms', '--web.enable-admin-api'],
      );
      return { seconds, kind, server };
    }),
  );
  const servers = await Promise.all(starting);
  try {
    const minutes = quick ? 5 : 32;
    process.stderr.write(`\r\x1b[2Kscraping for ${minutes} min`);
    await setTimeout(minutes * 60_000);
    process.stderr.write('\r\x1b[2K');
    const rows: string[][] = [];
    for (const { seconds, kind, server } of servers) {
      const { series, samples, chunkBytes, indexBytes } = await blockOf(server);
      rows.push([
        kind,
        `${seconds} s`,
        String(series),
        String(samples),
        (chunkBytes / samples).toFixed(2),
        (indexBytes / series).toFixed(0),
      ]);
    }
    const wire = await fetch(`${address}/metrics`, {
      headers: { accept: protobuf, 'accept-encoding': 'identity' },
    });
    const packed = Buffer.from(await wire.arrayBuffer()).length;
    const { request } = await import('node:http');
    const zipped = await new Promise<number>((resolve, reject) => {
      request(
        `${address}/metrics`,
        { headers: { accept: protobuf, 'accept-encoding': 'gzip' } },
        (response) => {
          let bytes = 0;
          response.on('data', (part: Buffer) => {
            bytes += part.length;
          });
          response.on('end', () => resolve(bytes));
        },
      )
        .on('error', reject)
        .end();
    });
    const [exported] = await servers[0]!.server.query('rezolus_exporter_series');
    return [
      {
        title: 'Exporter in Prometheus',
        note:
          `Chunks of a block that Prometheus wrote, divided by samples; the index by series. One scrape over protobuf: ` +
          `${(packed / 1000).toFixed(1)} KB, with gzip ${(zipped / 1000).toFixed(1)} KB, ${(zipped / exported!.value).toFixed(1)} bytes per sample.`,
        columns: ['kind', 'interval', 'series', 'samples', 'bytes per sample', 'index bytes per series'],
        rows,
      },
    ];
  } finally {
    for (const { server } of servers) await server[Symbol.asyncDispose]();
  }
}
