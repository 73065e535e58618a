import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { recoverRecording } from '../../src/journal/recover.ts';
import { scratch } from '../oracle.ts';
import { type FaultAgent, startFaultAgent } from './agent.ts';
import { isGapless, numbersIn, startRecorder } from './child.ts';

/** FullDiskResult: what came of recording onto file systems that are too small. */
export interface FullDiskResult {
  sizes: number;
  /** The output is whole, in its place. */
  finished: number;
  /** Not even that could be written; recovered to another file system. */
  recovered: number;
  /** The recorder refused to begin. */
  refused: number;
  unreadable: string[];
  /** Rows that the recorder had counted and that were not there. */
  lostCounted: number;
  rows: number;
}

/** canMount: whether file systems can be mounted here. */
export function canMount(): boolean {
  using folder = scratch();
  try {
    mount(folder.path('.'), 64);
    execFileSync('umount', [folder.path('.')]);
    return true;
  } catch {
    return false;
  }
}

/** runFullDisk: records onto a tmpfs of each of these sizes, in KiB, until the disk is full. */
export async function runFullDisk(sizesKib: readonly number[], parallel: number): Promise<FullDiskResult> {
  using folder = scratch();
  await using agent = await startFaultAgent(600);
  const result: FullDiskResult = {
    sizes: sizesKib.length,
    finished: 0,
    recovered: 0,
    refused: 0,
    unreadable: [],
    lostCounted: 0,
    rows: 0,
  };
  const waiting = [...sizesKib];
  const work = async () => {
    for (let size = waiting.shift(); size !== undefined; size = waiting.shift()) {
      const disk = folder.path(`disk${size}`);
      mkdirSync(disk);
      mount(disk, size);
      try {
        await fill(agent, `r${size}`, disk, folder.path(`r${size}.parquet`), result);
      } finally {
        execFileSync('umount', [disk]);
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return result;
}

function mount(path: string, sizeKib: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKib}k`, 'tmpfs', path], { stdio: 'ignore' });
}

async function fill(
  agent: FaultAgent,
  name: string,
  disk: string,
  elsewhere: string,
  result: FullDiskResult,
): Promise<void> {
  const output = join(disk, 'x.parquet');
  const recorder = startRecorder(agent.url(name), output, 10, 100);
  const code = await recorder.ended;
  const counted = recorder.counted();
  const said = recorder.stderr();
  try {
    if (code !== 1 || !said.includes('REZ_ERR_RECORDING_WRITE')) throw new Error(`exit ${code}: ${said}`);
    if (existsSync(output)) {
      if (!said.includes('complete up to then')) throw new Error(said);
      result.finished++;
    } else if (counted === 0 && !existsSync(`${output}.partial`)) {
      result.refused++;
      return;
    } else {
      await recoverRecording(output, { output: elsewhere });
      result.recovered++;
    }
    const numbers = await numbersIn(existsSync(output) ? output : elsewhere);
    if (numbers[0] !== 1 || !isGapless(numbers)) throw new Error(`rows ${numbers}`);
    result.rows += numbers.length;
    result.lostCounted += Math.max(0, counted - numbers.length);
  } catch (error) {
    result.unreadable.push(`${name}: ${error}`);
  }
}
