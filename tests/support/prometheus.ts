import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type RemoteSeries, writeRequest } from './remote-write.ts';
import { freePort, root, TemporaryFolder } from './rezolus.ts';

/** Where `scripts/setup` unpacks it, else the one that is installed. */
const unpacked = join(root, '.cache/servers/usr/bin/prometheus');
const binary = existsSync(unpacked) ? unpacked : 'prometheus';

/** prometheusVersion: the version of the Prometheus on this machine, or null where there is none. */
export function prometheusVersion(): string | null {
  const { stdout, stderr, status } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/version (\S+)/.exec(stdout + stderr)?.[1] ?? null) : null;
}

/** MatrixSeries: a series of an answer: times in seconds, values as text. */
export interface MatrixSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, string])[];
}

/** Prometheus: a running server that takes remote writes and scrapes nothing. */
export class Prometheus implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #folder: TemporaryFolder;
  readonly #url: string;

  private constructor(child: ChildProcess, folder: TemporaryFolder, url: string) {
    this.#child = child;
    this.#folder = folder;
    this.#url = url;
  }

  static async start(): Promise<Prometheus> {
    const folder = new TemporaryFolder();
    const port = await freePort();
    const config = folder.file('prometheus.yml', 'global: {evaluation_interval: 1m}\n');
    const child = spawn(
      binary,
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder.path, 'data')}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const prometheus = new Prometheus(child, folder, `http://127.0.0.1:${port}`);
    let log = '';
    const ready = Promise.withResolvers<void>();
    // Read to the end: who writes to a closed pipe ends.
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      log += text;
      if (log.includes('Server is ready to receive web requests')) ready.resolve();
    });
    child.once('exit', () => ready.reject(new Error(`prometheus ended: ${log}`)));
    await ready.promise;
    return prometheus;
  }

  async write(series: readonly RemoteSeries[]): Promise<void> {
    const response = await fetch(`${this.#url}/api/v1/write`, {
      method: 'POST',
      headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
      body: writeRequest(series),
    });
    if (!response.ok) throw new Error(`remote write: ${response.status} ${await response.text()}`);
  }

  /** range: the matrix of a range query, or the error that Prometheus gives. */
  async range(
    query: string,
    startS: number,
    endS: number,
    stepS: number,
  ): Promise<MatrixSeries[] | { error: string }> {
    const body = new URLSearchParams({
      query,
      start: String(startS),
      end: String(endS),
      step: String(stepS),
    });
    const response = await fetch(`${this.#url}/api/v1/query_range`, { method: 'POST', body });
    const answer = (await response.json()) as { data?: { result: MatrixSeries[] }; error?: string };
    return answer.data?.result ?? { error: answer.error ?? String(response.status) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
    this.#folder[Symbol.dispose]();
  }
}
