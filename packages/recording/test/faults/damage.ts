import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JournaledWriter } from '../../src/journal/journaled-writer.ts';
import { partialOf } from '../../src/journal/layout.ts';
import { recoverRecording } from '../../src/journal/recover.ts';
import { SnapshotWriter } from '../../src/recorder/snapshot-writer.ts';
import { snapshotOf } from '../agent.ts';
import { scratch } from '../oracle.ts';
import { isGapless, numbersIn } from './child.ts';

/** DamageResult: what came of damaging journals. */
export interface DamageResult {
  damaged: number;
  /** Recordings with other rows than all those before the damage. */
  wrong: string[];
  /** Recordings whose damage was not named with the offset of its frame. */
  unnamed: string[];
}

const rows = 40;
const headerLength = 8;

/**
 * runDamage: cuts a journal of 40 rows, or flips a bit of it, at random places, and compares what recovery keeps with
 * the rows before the damage, which are counted here by the lengths of the frames alone.
 */
export async function runDamage(times: number, random: () => number): Promise<DamageResult> {
  using folder = scratch();
  const live = folder.path('live.parquet');
  const output = folder.path('x.parquet');
  await using writer = await JournaledWriter.create(partialOf(live), { createdBy: 'faults' });
  const snapshots = new SnapshotWriter(writer, {});
  for (let n = 1; n <= rows; n++) {
    const labels = { metric: 'n' };
    const many = Array.from({ length: 30 }, (_, i) => ({
      name: `1x${i}`,
      kind: 'gauge' as const,
      labels: { metric: 'g', id: String(i) },
      value: BigInt(n * i) * 12345n,
    }));
    const counter = { name: '0', kind: 'counter' as const, labels, value: BigInt(n) };
    await snapshots.append(snapshotOf(BigInt(n), [counter, ...many]));
  }
  const kept = folder.path('kept');
  cpSync(partialOf(live), kept, { recursive: true });
  await writer.finish(live, new Map());
  const journal = readFileSync(join(kept, 'rows-1'));
  const starts = frameStarts(journal);
  const result: DamageResult = { damaged: times, wrong: [], unnamed: [] };
  for (let i = 0; i < times; i++) {
    // Frame 0 holds the columns, frame 1 the first row.
    const at = starts[2]! + Math.floor(random() * (journal.length - starts[2]!));
    const cut = random() < 0.5;
    const bytes = Buffer.from(cut ? journal.subarray(0, at) : journal);
    if (!cut) bytes[at]! ^= 1 << Math.floor(random() * 8);
    const frame = starts.filter((start) => start <= at).length - 1;
    rmSync(partialOf(output), { recursive: true, force: true });
    cpSync(kept, partialOf(output), { recursive: true });
    writeFileSync(join(partialOf(output), 'lock'), '{}');
    writeFileSync(join(partialOf(output), 'rows-1'), bytes);
    const what = `${cut ? 'cut' : 'flipped'} at byte ${at}`;
    const { damage } = await recoverRecording(output);
    const numbers = await numbersIn(output);
    if (numbers.length !== frame - 1 || numbers[0] !== 1 || !isGapless(numbers)) {
      result.wrong.push(`${what}: ${numbers.length} rows instead of ${frame - 1}`);
    }
    // A cut between two frames leaves a whole journal.
    const clean = cut && starts.includes(at);
    const named = clean ? damage.length === 0 : damage.length === 1 && damage[0]!.offset === starts[frame];
    if (!named) result.unnamed.push(`${what}: ${JSON.stringify(damage)}`);
  }
  return result;
}

function frameStarts(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 8; at < bytes.length; at += headerLength + bytes.readUInt32LE(at)) starts.push(at);
  return starts;
}
