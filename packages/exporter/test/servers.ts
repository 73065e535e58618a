import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './exporters.ts';

const folder = fileURLToPath(new URL('../../../.cache/servers/usr/bin/', import.meta.url));

/** serverPath: an executable that scripts/setup unpacked. */
export const serverPath = (name: string): string => join(folder, name);

/** serversMissing: true where scripts/setup has not unpacked Prometheus and VictoriaMetrics. */
export const serversMissing = !['prometheus', 'promtool', 'victoria-metrics'].every((name) =>
  existsSync(serverPath(name)),
);
if (serversMissing) console.warn('skipped: .cache/servers is absent; run scripts/setup');

/** freePort: a port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Sample: one series of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
  readonly histogram?: {
    readonly count: string;
    readonly sum: string;
    readonly buckets: [number, string, string, string][];
  };
}

/** TimeSeriesServer: a real server with the Prometheus query API, with a folder of its own. Disposing ends it. */
export class TimeSeriesServer implements AsyncDisposable {
  readonly url: string;
  /** Its folder; the data are in `data`. */
  readonly path: string;
  readonly #command: string;
  readonly #args: readonly string[];
  #child: ChildProcess | null = null;
  stderr = '';

  private constructor(path: string, command: string, port: number, args: readonly string[]) {
    this.path = path;
    this.#command = command;
    this.url = `http://127.0.0.1:${port}`;
    this.#args = args;
  }

  /** prometheus: scrapes `config` (YAML) and accepts remote write. */
  static async prometheus(config: string, flags: readonly string[] = []): Promise<TimeSeriesServer> {
    const port = await freePort();
    const path = mkdtempSync(join(tmpdir(), 'rezolus-prometheus-'));
    writeFileSync(join(path, 'prometheus.yml'), config);
    const server = new TimeSeriesServer(path, 'prometheus', port, [
      `--config.file=${path}/prometheus.yml`,
      `--storage.tsdb.path=${path}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--log.level=warn',
      ...flags,
    ]);
    await server.start();
    return server;
  }

  static async victoriaMetrics(): Promise<TimeSeriesServer> {
    const port = await freePort();
    const path = mkdtempSync(join(tmpdir(), 'rezolus-victoria-'));
    const server = new TimeSeriesServer(path, 'victoria-metrics', port, [
      `-storageDataPath=${path}/data`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-search.latencyOffset=0s',
      '-memory.allowedPercent=10',
    ]);
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const child = spawn(serverPath(this.#command), this.#args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.#child = child;
    await until(async () => {
      if (child.exitCode !== null) throw new Error(this.stderr);
      const response = await fetch(`${this.url}/-/ready`).catch(() => null);
      const other = response?.status === 200 ? response : await fetch(`${this.url}/health`).catch(() => null);
      return other?.status === 200;
    }, 20_000);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  /** query: an instant query. */
  async query(expression: string, time?: number): Promise<Sample[]> {
    const parameters = new URLSearchParams({
      query: expression,
      ...(time !== undefined && { time: String(time) }),
    });
    const response = await fetch(`${this.url}/api/v1/query?${parameters}`);
    const { status, data, error } = (await response.json()) as {
      status: string;
      error?: string;
      data: {
        result: {
          metric: Record<string, string>;
          value?: [number, string];
          histogram?: [number, Sample['histogram'] & object];
        }[];
      };
    };
    if (status !== 'success') throw new Error(error);
    return data.result.map(({ metric, value, histogram }) => ({
      metric,
      value: value === undefined ? Number.NaN : Number(value[1].replace('+Inf', 'Infinity')),
      ...(histogram !== undefined && { histogram: histogram[1] }),
    }));
  }

  /** values: the raw samples of each series of a range selector, as [seconds, text]. */
  async values(selector: string): Promise<[number, string][][]> {
    const response = await fetch(`${this.url}/api/v1/query?${new URLSearchParams({ query: selector })}`);
    const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
    return data.result.map(({ values }) => values);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** scrapeConfig: prometheus.yml with one target or more. */
export function scrapeConfig(target: string | readonly string[], interval = '1s', more = ''): string {
  return `global:
  scrape_interval: ${interval}
  scrape_timeout: ${interval}
scrape_configs:
  - job_name: rezolus
${more}    static_configs:
      - targets: ${JSON.stringify([target].flat().map((url) => url.replace('http://', '')))}
`;
}
