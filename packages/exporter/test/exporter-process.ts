import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseConfig } from '@rezolus/core/config';
import { exporterConfigSchema } from '../src/config-file.ts';
import { until } from './exporters.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** ExporterProcess: an exporter of its own process, as the command line starts it. Disposing ends it with SIGTERM. */
export class ExporterProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(toml: string): Promise<ExporterProcess> {
    const config = JSON.stringify(parseConfig(toml, 'exporter.toml', exporterConfigSchema));
    const child = spawn(process.execPath, ['--max-semi-space-size=2', main, config], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
    const port = await until(() => {
      if (child.exitCode !== null) throw new Error(log);
      return Number(/"address":"http:\/\/127\.0\.0\.1:(\d+)"/.exec(log)?.[1] ?? 0) || null;
    });
    return new ExporterProcess(child, port);
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** memory: a line of /proc/PID/status in bytes, e.g. `VmRSS`, or `VmHWM`, the highest of it. */
  memory(line: 'VmRSS' | 'VmHWM'): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(new RegExp(`^${line}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }
}
