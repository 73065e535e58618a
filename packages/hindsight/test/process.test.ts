import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { TestAgent } from './agent.ts';
import { HindsightProcess, writeConfig } from './process.ts';
import { columnOf, scratch, until } from './support.ts';

it('finds its buffer again after SIGKILL and has lost at most the interval in flight', {
  timeout: 90_000,
}, async () => {
  using folder = scratch();
  await using agent = await TestAgent.start();
  const { output, config } = writeConfig(folder, agent, ['interval = "50ms"', 'segment_rows = 12']);
  const kills: bigint[] = [];
  for (let round = 0; round < 5; round++) {
    await using hindsight = new HindsightProcess(config);
    await hindsight.has(/the agent answers/);
    const from = agent.scrapes;
    // Another phase of the interval, and of the segment, in every round.
    await until(() => agent.scrapes >= from + 17n + BigInt(round));
    await new Promise((resolve) => setTimeout(resolve, 11 * round));
    await hindsight.end('SIGKILL');
    kills.push(agent.scrapes);
  }
  await using hindsight = new HindsightProcess(config);
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

it('dumps at SIGHUP only, ends at SIGTERM and goes on with what it had', { timeout: 60_000 }, async () => {
  using folder = scratch();
  await using agent = await TestAgent.start();
  const { output, config } = writeConfig(folder, agent, ['interval = "20ms"', 'segment_rows = 12']);
  {
    await using hindsight = new HindsightProcess(config);
    await hindsight.has(/buffering 15m of metrics at 20ms in \S+out\.parquet\.buffer/);
    await until(() => agent.scrapes >= 20n);
    await using second = new HindsightProcess(config);
    const [status] = await once(second.child, 'exit');
    expect(status).toBe(1);
    await until(() => second.log.includes('REZ_ERR_RECORDING_BUSY'));
    expect(await hindsight.end('SIGTERM')).toBe(0);
    expect(existsSync(output)).toBe(false);
  }
  const before = agent.scrapes;
  await using hindsight = new HindsightProcess(config);
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
