import { existsSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { partialOf } from '../../src/journal/layout.ts';
import { recoverRecording } from '../../src/journal/recover.ts';
import { scratch } from '../oracle.ts';
import { type FaultAgent, startFaultAgent } from './agent.ts';
import { isGapless, numbersIn, startRecorder } from './child.ts';

/** KillResult: what came of killing recorders. */
export interface KillResult {
  kills: number;
  /** Ended in the middle of finishing the file. */
  whileFinishing: number;
  /** The file was whole already. */
  finished: number;
  recovered: number;
  /** Killed before the first interval was recorded: there was nothing to lose. */
  empty: number;
  unreadable: string[];
  /** Rows that the recorder had counted and that were not there. */
  lostCounted: number;
  /** The most intervals that the agent had answered and that were not there. */
  mostLost: number;
  torn: number;
}

/**
 * runKills: records at 100 ms intervals with row groups of a second, ends the recorder by SIGKILL at random moments, a
 * third of them while it finishes the file, and recovers what it left. `parallel` recorders run at a time.
 */
export async function runKills(kills: number, parallel: number, random: () => number): Promise<KillResult> {
  using folder = scratch();
  await using agent = await startFaultAgent(200);
  const result: KillResult = {
    kills,
    whileFinishing: 0,
    finished: 0,
    recovered: 0,
    empty: 0,
    unreadable: [],
    lostCounted: 0,
    mostLost: 0,
    torn: 0,
  };
  let next = 0;
  const work = async () => {
    while (next < kills) {
      const name = `r${next++}`;
      await killOne(agent, name, folder.path(`${name}.parquet`), random, result);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return result;
}

async function killOne(
  agent: FaultAgent,
  name: string,
  output: string,
  random: () => number,
  result: KillResult,
): Promise<void> {
  const recorder = startRecorder(agent.url(name), output, 100, 10);
  const finishing = random() < 1 / 3;
  await recorder.rows(finishing ? 1 + Math.floor(random() * 25) : 1);
  if (finishing) {
    result.whileFinishing++;
    recorder.kill('SIGTERM');
    await after(random() * 400);
  } else {
    await after(random() * 3000);
  }
  recorder.kill('SIGKILL');
  await recorder.ended;
  const counted = recorder.counted();
  try {
    if (!existsSync(output)) {
      const { damage } = await recoverRecording(output);
      result.recovered++;
      result.torn += damage.length;
    } else {
      result.finished++;
      if (existsSync(partialOf(output))) await recoverRecording(output).catch(() => {});
    }
    const numbers = await numbersIn(output);
    // Number 0 was the probe.
    if (numbers[0] !== 1 || !isGapless(numbers)) throw new Error(`rows ${numbers}`);
    result.lostCounted += Math.max(0, counted - numbers.length);
    const last = numbers.at(-1) ?? 0;
    result.mostLost = Math.max(result.mostLost, agent.answered(name) - last);
  } catch (error) {
    if (counted === 0 && (error as { code?: string }).code === 'REZ_ERR_RECORDING_EMPTY') result.empty++;
    else result.unreadable.push(`${name} (${counted} rows counted): ${error} ${recorder.stderr()}`);
  }
}
