import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { TestAgent } from './agent.ts';
import { columnOf, scratch, until } from './support.ts';

const command = fileURLToPath(new URL('../../cli/bin/run.ts', import.meta.url));

/** Hindsight: the command as a process of its own. */
class Hindsight implements AsyncDisposable {
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

  async end(signal: NodeJS.Signals): Promise<number | null> {
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    return (await exited)[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.end('SIGKILL');
  }
}

const setUp = (folder: ReturnType<typeof scratch>, agent: TestAgent, interval: string) => {
  const output = folder.path('out.parquet');
  const config = folder.path('hindsight.toml');
  const general = [
    `source = "${agent.url}"`,
    `output = "${output}"`,
    `interval = "${interval}"`,
    'segment_rows = 12',
  ];
  writeFileSync(config, `[general]\n${general.join('\n')}\n`);
  return { output, config };
};

it('finds its buffer again after SIGKILL and has lost at most the interval in flight', async () => {
  using folder = scratch();
  await using agent = await TestAgent.start();
  const { output, config } = setUp(folder, agent, '50ms');
  const kills: bigint[] = [];
  for (let round = 0; round < 5; round++) {
    await using hindsight = new Hindsight(config);
    await hindsight.has(/the agent answers/);
    const from = agent.scrapes;
    // Another phase of the interval, and of the segment, in every round.
    await until(() => agent.scrapes >= from + 17n + BigInt(round));
    await new Promise((resolve) => setTimeout(resolve, 11 * round));
    await hindsight.end('SIGKILL');
    kills.push(agent.scrapes);
  }
  await using hindsight = new Hindsight(config);
  await hindsight.has(/the agent answers/);
  hindsight.child.kill('SIGHUP');
  await hindsight.has(/capture complete: /);
  expect(hindsight.log).not.toMatch(/lost/);
  const { values } = await columnOf(output, 'ticks');
  const found = new Set(values);
  for (const last of kills) {
    // The agent counts the answer that it was sending when the process died, which may not have arrived.
    expect(found.has(last) || found.has(last - 1n)).toBe(true);
  }
  const missing: bigint[] = [];
  for (let n = values[0]!; n < values.at(-1)!; n++) if (!found.has(n)) missing.push(n);
  // Of each kill one interval, and of each start the probe.
  expect(missing.length).toBeLessThanOrEqual(2 * kills.length);
  expect(values.length).toBe(found.size);
  expect(await hindsight.end('SIGTERM')).toBe(0);
});

it('dumps at SIGHUP only, ends at SIGTERM and goes on with what it had', async () => {
  using folder = scratch();
  await using agent = await TestAgent.start();
  const { output, config } = setUp(folder, agent, '20ms');
  {
    await using hindsight = new Hindsight(config);
    await hindsight.has(/buffering 15m of metrics at 20ms in \S+out\.parquet\.buffer/);
    await until(() => agent.scrapes >= 20n);
    await using second = new Hindsight(config);
    const [status] = await once(second.child, 'exit');
    expect(status).toBe(1);
    await until(() => second.log.includes('REZ_ERR_RECORDING_BUSY'));
    expect(await hindsight.end('SIGTERM')).toBe(0);
    expect(existsSync(output)).toBe(false);
  }
  const before = agent.scrapes;
  await using hindsight = new Hindsight(config);
  await until(() => agent.scrapes >= before + 5n);
  hindsight.child.kill('SIGHUP');
  await hindsight.has(/capture complete: /);
  hindsight.child.kill('SIGHUP');
  await hindsight.has(/capture complete: /, 2);
  const { values } = await columnOf(output, 'ticks');
  expect(values[0]).toBeLessThanOrEqual(5n);
  expect(values.at(-1)).toBeGreaterThan(before);
  expect(await hindsight.end('SIGINT')).toBe(0);
});
