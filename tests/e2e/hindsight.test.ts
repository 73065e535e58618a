import { readdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { HindsightStatus } from '../../packages/hindsight/src/index.ts';
import { TestAgent } from '../../packages/hindsight/test/agent.ts';
import { HindsightProcess, writeConfig } from '../../packages/hindsight/test/process.ts';
import { columnOf, pyarrowTicks, scratch, steps, until } from '../../packages/hindsight/test/support.ts';

// Here and not with the unit tests, which run several at a time. What was sampled must be in every dump without a gap,
// always; an interval that passes for want of a processor is counted, and there may be few of those.
it('tears no dump and loses no sample at 10 Hz while a hundred dumps are made, ten at a time', {
  timeout: 120_000,
}, async () => {
  using folder = scratch();
  await using agent = await TestAgent.start({ series: 200 });
  const lines = ['interval = "100ms"', 'duration = "10s"', 'segment_rows = 20', 'listen = "127.0.0.1:0"'];
  const { output, config } = writeConfig(folder, agent, lines);
  await using hindsight = new HindsightProcess(config);
  const address = await hindsight.address();
  const status = async () => (await (await fetch(`${address}/status`)).json()) as HindsightStatus;
  const recorded = (ticks: number) => until(async () => (await status()).ticks_recorded >= ticks);
  await recorded(30);
  const paths: string[] = [];
  const dump = async (n: number) => {
    const response = await fetch(`${address}/dump${n % 3 === 0 ? '?last=2s' : ''}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="dump.parquet"');
    const path = folder.path(`dump-${n}`);
    writeFileSync(path, await response.bytes());
    paths.push(path);
  };
  for (let n = 0; n < 100; n += 10) {
    const { ticks_recorded } = await status();
    await Promise.all(Array.from({ length: 10 }, (_, i) => dump(n + i)));
    // So that rows come, segments end and old ones go between the dumps.
    await recorded(ticks_recorded + 12);
  }
  const end = await status();
  expect(hindsight.log).not.toMatch(/lost|given up/);
  expect(end.ticks_missed).toBeLessThanOrEqual(end.ticks_recorded * 0.1);
  expect(end).toMatchObject({
    ticks_failed: 0,
    lookback_secs: 10,
    sampling_interval_ms: 100,
  });
  expect(end.at_retention_bound).toBe(true);
  expect(paths).toHaveLength(100);
  const read: bigint[][] = [];
  for (const path of paths) {
    const { times, values } = await columnOf(path, 'ticks');
    expect(steps(values)).toEqual([1n]);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    if (end.ticks_missed === 0) expect(Math.max(...gaps)).toBeLessThan(0.2);
    read.push(values as bigint[]);
  }
  const others = pyarrowTicks(paths);
  if (others !== null) expect(others).toEqual(read);
  expect(readdirSync(`${output}.buffer`).filter((name) => !/^(lock|segment-)/.test(name))).toEqual([]);
});
