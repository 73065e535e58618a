import { readdirSync, writeFileSync } from 'node:fs';
import type { HindsightStatus } from '../src/index.ts';
import { TestAgent } from './agent.ts';
import { HindsightProcess, writeConfig } from './process.ts';
import { columnOf, pyarrowTicks, scratch, steps, until } from './support.ts';

/** DumpResult: what came of dumping while rows go on. */
export interface DumpResult {
  dumps: number;
  /** Rows that were recorded. */
  recorded: number;
  /** Dumps with a gap, or that pyarrow reads otherwise than we do. */
  torn: string[];
  /** Samples that the agent sent and that are in no dump. */
  lost: number;
  /** Intervals that passed for want of a processor, and scrapes that failed. */
  late: number;
  failed: number;
  /** Files in the buffer that are none of its own. */
  left: string[];
}

/**
 * runDumps: records at 10 Hz into a buffer of 10 s and dumps it over HTTP, `parallel` dumps at a time, with about a second
 * between the rounds, in which segments end and old ones go.
 */
export async function runDumps(rounds: number, parallel: number): Promise<DumpResult> {
  using folder = scratch();
  await using agent = await TestAgent.start({ series: 200 });
  const lines = ['interval = "100ms"', 'duration = "10s"', 'segment_rows = 20', 'listen = "127.0.0.1:0"'];
  const { output, config } = writeConfig(folder, agent, lines);
  await using hindsight = new HindsightProcess(config);
  const address = await hindsight.address();
  const status = async () => (await (await fetch(`${address}/status`)).json()) as HindsightStatus;
  const recorded = (ticks: number) => until(async () => (await status()).ticks_recorded >= ticks);
  await recorded(30);
  const dump = async (n: number) => {
    const response = await fetch(`${address}/dump${n % 3 === 0 ? '?last=2s' : ''}`);
    if (response.status !== 200) throw new Error(`dump ${n}: ${response.status} ${await response.text()}`);
    const path = folder.path(`dump-${n}`);
    writeFileSync(path, await response.bytes());
    return path;
  };
  const paths: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const { ticks_recorded } = await status();
    const numbers = Array.from({ length: parallel }, (_, i) => round * parallel + i);
    paths.push(...(await Promise.all(numbers.map(dump))));
    await recorded(ticks_recorded + 12);
  }
  const end = await status();
  const known = agent.scrapes;
  // Number 1 answered the probe; the last ones came after the last dump.
  paths.push(await dump(1));
  const torn: string[] = [];
  const found = new Set<bigint>();
  const read: bigint[][] = [];
  for (const path of paths) {
    const values = (await columnOf(path, 'ticks')).values as bigint[];
    if (steps(values).some((step) => step !== 1n)) torn.push(path);
    for (const value of values) found.add(value);
    read.push(values);
  }
  for (const [i, values] of (pyarrowTicks(paths) ?? []).entries()) {
    if (String(values) !== String(read[i])) torn.push(`${paths[i]} (pyarrow)`);
  }
  let lost = 0;
  for (let n = 2n; n < known; n++) if (!found.has(n)) lost++;
  return {
    dumps: paths.length,
    recorded: end.ticks_recorded,
    torn,
    lost,
    late: end.ticks_missed,
    failed: end.ticks_failed,
    left: readdirSync(`${output}.buffer`).filter((name) => !/^(lock|segment-)/.test(name)),
  };
}
