import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestAgent } from './agent.ts';
import { type scratch, until } from './support.ts';

const command = fileURLToPath(new URL('../../cli/bin/run.ts', import.meta.url));

/** HindsightProcess: the command as a process of its own. */
export class HindsightProcess implements AsyncDisposable {
  readonly child: ChildProcess;
  log = '';

  constructor(config: string) {
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    this.child = spawn(process.execPath, [command, 'hindsight', config], { stdio: [...stdio] });
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.log += text;
    });
  }

  /** has: resolves when the log has as many lines of a kind. */
  async has(pattern: RegExp, times = 1): Promise<void> {
    await until(() => {
      if (this.child.exitCode !== null) throw new Error(`ended: ${this.log}`);
      return this.log.split('\n').filter((line) => pattern.test(line)).length >= times;
    });
  }

  /** address: where it listens. */
  async address(): Promise<string> {
    await this.has(/"address":"http/);
    return /"address":"([^"]+)"/.exec(this.log)![1]!;
  }

  /** end: the exit status, null where the signal killed it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    return (await exited)[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.end('SIGKILL');
  }
}

/** writeConfig: a configuration for `agent` in a folder; `lines` are further ones of `[general]`. */
export function writeConfig(
  folder: ReturnType<typeof scratch>,
  agent: TestAgent,
  lines: readonly string[],
): { output: string; config: string } {
  const output = folder.path('out.parquet');
  const config = folder.path('hindsight.toml');
  const general = [`source = "${agent.url}"`, `output = "${output}"`, ...lines];
  writeFileSync(config, `[general]\n${general.join('\n')}\n`);
  return { output, config };
}
