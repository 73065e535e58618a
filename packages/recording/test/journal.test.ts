import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FrameFile } from '../src/journal/files.ts';
import { readFrames } from '../src/journal/frames.ts';
import { JournaledWriter } from '../src/journal/journaled-writer.ts';
import { partialOf } from '../src/journal/layout.ts';
import { keepAlive, thisProcess } from '../src/journal/owner.ts';
import { recoverRecording } from '../src/journal/recover.ts';
import { wordsOf } from '../src/parquet/bytes.ts';
import { openRecording } from '../src/reader/open.ts';
import type { Recording } from '../src/reader/recording.ts';
import { recordingSource } from '../src/source.ts';
import { hasPython, python, scratch, shared } from './oracle.ts';
import { copyRows, memorySink, rewrite } from './rewrite.ts';

const options = { createdBy: 'rezolus test', rowGroupRows: 5 };
const second = 1_000_000_000n;
const powers = { grouping_power: '3', max_value_power: '64' };

/** abandon: what is left of rows 0 to `rows` - 1 of a recording when its writer disappears, as with SIGKILL. */
async function abandon(output: string, rows: number, lateColumn = 7): Promise<void> {
  const live = `${output}.live`;
  await using writer = await JournaledWriter.create(partialOf(live), options);
  const counter = writer.addColumn({ name: 'c', kind: 'counter', metadata: { metric: 'c' } });
  let late = -1;
  for (let row = 0; row < rows; row++) {
    if (row === lateColumn)
      late = writer.addColumn({ name: 'h:buckets', kind: 'histogram', metadata: powers });
    writer.startRow(BigInt(row) * second, 5n);
    const words = wordsOf(BigUint64Array.of(2n ** 63n + BigInt(row)));
    writer.scalar(counter, words[0]!, words[1]!);
    const buckets = BigUint64Array.from({ length: 496 }, (_, b) => BigInt(b < row ? row : 0));
    if (late >= 0) writer.histogram(late, buckets);
    await writer.endRow();
  }
  await writer.settled();
  leave(live, output);
  await writer.finish(live, new Map());
  rmSync(live);
}

/** leave: copies what a recorder has on disk now, so that it is nobody's. */
function leave(live: string, output: string): void {
  cpSync(partialOf(live), partialOf(output), { recursive: true });
  writeFileSync(join(partialOf(output), 'lock'), '{}');
}

async function timestamps(path: string): Promise<number[]> {
  await using recording = await openRecording(path);
  return Array.from(await recording.readTimestamps(), (ns) => Number(ns / second));
}

const upTo = (rows: number) => Array.from({ length: rows }, (_, row) => row);

describe('recoverRecording', () => {
  it('takes over row groups and reads the rest from the journal', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await abandon(output, 13);
    expect(readdirSync(partialOf(output)).sort()).toEqual(['catalogue', 'data', 'lock', 'reserve', 'rows-3']);
    await expect(openRecording(output)).rejects.toMatchObject({
      code: 'REZ_ERR_RECORDING_UNFINISHED',
      message: expect.stringContaining('13 rows'),
    });
    expect(await recoverRecording(output)).toMatchObject({ rows: 13, openRows: 3, damage: [] });
    expect(readdirSync(folder.path('.'))).toEqual(['x.parquet']);
    expect(await timestamps(output)).toEqual(upTo(13));
    if (!hasPython) return;
    const read = `
import sys, json, pyarrow.parquet as pq, duckdb
f = pq.ParquetFile(sys.argv[1])
t = f.read()
h = [None if x is None else sum(x) for x in t['h:buckets'].to_pylist()]
d = duckdb.read_parquet(sys.argv[1]).fetchall()
print(json.dumps([[f.metadata.row_group(i).num_rows for i in range(f.metadata.num_row_groups)],
  [str(x) for x in t['c'].to_pylist()], h, [str(x[2]) for x in d]]))`;
    const counters = upTo(13).map((row) => String(2n ** 63n + BigInt(row)));
    const sums = upTo(13).map((row) => (row < 7 ? null : row * row));
    expect(python(read, output)).toEqual([[5, 5, 3], counters, sums, counters]);
  });

  it('recovers to another place and leaves what it read', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await abandon(output, 8);
    const other = folder.path('y.parquet');
    expect(await recoverRecording(output, { output: other })).toMatchObject({ rows: 8, output: other });
    expect(await timestamps(other)).toEqual(upTo(8));
    expect(await recoverRecording(partialOf(output))).toMatchObject({ rows: 8, output });
  });

  it('keeps every value of a recording', async () => {
    const sample = shared('recordings/rezolus-180s.parquet');
    if (sample === null) return;
    using folder = scratch();
    await using original = await openRecording(sample);
    const output = folder.path('x.parquet');
    const live = folder.path('live.parquet');
    const writer = await JournaledWriter.create(partialOf(live), { createdBy: 'rezolus test' });
    await copyRows(original, writer);
    await writer.setFacts({ keys: Object.fromEntries(original.metadata), sources: {}, events: [], tags: {} });
    leave(live, output);
    await writer.finish(live, new Map());
    expect(await recoverRecording(output)).toMatchObject({ rows: original.rows, openRows: original.rows });
    const sink = memorySink();
    await rewrite(original, sink, { createdBy: 'rezolus test' });
    await using direct = await openRecording(new Blob([sink.bytes()]));
    await using recovered = await openRecording(output);
    expect(await everything(recovered)).toEqual(await everything(direct));
    expect(recordingSource(recovered).series()).toEqual(recordingSource(original).series());
  });

  // Rows 5 to 8 are in the journal, in frames 0 to 3.
  it.each<[string, (bytes: Buffer) => Buffer, survivors: number, torn: boolean]>([
    ['torn in the header of the last frame', (bytes) => bytes.subarray(0, frameAt(bytes, 3) + 3), 8, true],
    ['torn in the last frame', (bytes) => bytes.subarray(0, bytes.length - 1), 8, true],
    ['longer than what was written', (bytes) => Buffer.concat([bytes, Buffer.alloc(4096)]), 9, true],
    ['empty', () => Buffer.alloc(0), 5, true],
    ['torn in its first bytes', (bytes) => bytes.subarray(0, 4), 5, true],
    ['of another kind', (bytes) => flip(bytes, 1), 5, false],
    ['wrong in a length', (bytes) => flip(bytes, frameAt(bytes, 2) + 3), 7, false],
    ['wrong in a checksum', (bytes) => flip(bytes, frameAt(bytes, 2) + 5), 7, false],
    ['wrong in a type', (bytes) => flip(bytes, frameAt(bytes, 2) + 8), 7, false],
    ['wrong in a value', (bytes) => flip(bytes, frameAt(bytes, 3) + 12), 8, false],
    ['without a frame', (bytes) => splice(bytes, frameAt(bytes, 1), frameAt(bytes, 2)), 6, false],
    ['with a frame twice', (bytes) => splice(bytes, frameAt(bytes, 2), frameAt(bytes, 1)), 7, false],
    ['zero in the middle', (bytes) => bytes.fill(0, frameAt(bytes, 2), frameAt(bytes, 2) + 16), 7, false],
  ])('keeps the rows before the damage of a journal that is %s', async (_, damage, survivors, torn) => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await abandon(output, 9, -1);
    const rows = join(partialOf(output), 'rows-2');
    writeFileSync(rows, damage(readFileSync(rows)));
    const { damage: found } = await recoverRecording(output);
    expect(await timestamps(output)).toEqual(upTo(survivors));
    expect(found).toMatchObject([{ file: 'x.parquet.partial/rows-2', torn }]);
    await using recording = await openRecording(output);
    const named = recording.metadata.get('recovered');
    if (!torn) expect(named).toContain(`at byte ${found[0]!.offset}`);
  });

  it('keeps the other row groups where one is damaged, and names it', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await abandon(output, 17, -1);
    const data = join(partialOf(output), 'data');
    const bytes = readFileSync(data);
    writeFileSync(data, flip(bytes, Math.floor(bytes.length / 2)));
    const { damage } = await recoverRecording(output);
    expect(damage).toMatchObject([
      { file: 'x.parquet.partial/data', reason: 'wrong checksum of a row group' },
    ]);
    expect(await timestamps(output)).toEqual(upTo(17).filter((row) => row < 5 || row > 9));
    expect(readdirSync(folder.path('.'))).toEqual(['x.parquet']);
  });

  it('keeps what a damaged catalogue still names', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await abandon(output, 17, -1);
    const catalogue = join(partialOf(output), 'catalogue');
    const bytes = readFileSync(catalogue);
    const groups = readFrames('', bytes).frames.filter(({ type }) => type === 4);
    writeFileSync(catalogue, flip(bytes, groups[2]!.offset + 20));
    const { damage } = await recoverRecording(output);
    expect(damage).toMatchObject([{ file: 'x.parquet.partial/catalogue', offset: groups[2]!.offset }]);
    expect(await timestamps(output)).toEqual(upTo(10));
  });

  it('says what is not there to recover', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await expect(recoverRecording(output)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_FORMAT' });
    await abandon(output, 0);
    await expect(recoverRecording(output)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_EMPTY' });
    writeFileSync(join(partialOf(output), 'catalogue'), 'REZJRNL2');
    await expect(recoverRecording(output)).rejects.toThrow('newer version');
  });
});

describe('JournaledWriter', () => {
  it('refuses an output that somebody writes, or left rows for', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    const first = await JournaledWriter.create(partialOf(output), options);
    await expect(JournaledWriter.create(partialOf(output), options)).rejects.toMatchObject({
      code: 'REZ_ERR_RECORDING_BUSY',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await expect(recoverRecording(output)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_EMPTY' });
    await first[Symbol.asyncDispose]();
    expect(readdirSync(folder.path('.'))).toEqual([]);
    await abandon(output, 3);
    await expect(JournaledWriter.create(partialOf(output), options)).rejects.toMatchObject({
      code: 'REZ_ERR_RECORDING_UNFINISHED',
    });
  });

  it('takes over what a dead process left without rows', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await abandon(output, 0);
    const owner = { pid: process.pid, started: '1', boot: 'another', namespace: 'pid:[1]' };
    writeFileSync(join(partialOf(output), 'lock'), JSON.stringify(owner));
    await using writer = await JournaledWriter.create(partialOf(output), options);
    expect(writer.rows).toBe(0);
    expect(readdirSync(folder.path('.'))).toEqual(['x.parquet.partial']);
  });

  it('goes on with what it left', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await abandon(output, 12, -1);
    await using writer = await JournaledWriter.resume(partialOf(output), options);
    expect(writer.rows).toBe(12);
    for (let row = 12; row < 23; row++) {
      writer.startRow(BigInt(row) * second, null);
      writer.scalar(2, row, 0);
      await writer.endRow();
    }
    await writer.finish(output, new Map());
    expect(await timestamps(output)).toEqual(upTo(23));
    expect(readdirSync(folder.path('.'))).toEqual(['x.parquet']);
  });

  it('takes over from a container that is gone, not from one that runs', async () => {
    using folder = scratch();
    const output = folder.path('x.parquet');
    await abandon(output, 3);
    // The same number of a process, the same machine, other numbers.
    const lock = join(partialOf(output), 'lock');
    writeFileSync(lock, JSON.stringify({ ...thisProcess(), started: '1', namespace: 'pid:[1]' }));
    {
      using _other = keepAlive(lock);
      await expect(recoverRecording(output)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_BUSY' });
    }
    expect(await recoverRecording(output)).toMatchObject({ rows: 3 });
  });

  it('keeps frames whole and in order when many calls append at a time', async () => {
    using folder = scratch();
    const path = folder.path('frames');
    const file = await FrameFile.create(path);
    const payload = (i: number) => new Uint8Array(1 + ((i * 7919) % 5000)).fill(i);
    const calls = upTo(100).map((i) =>
      file.append([
        [1, payload(i)],
        [2, payload(i)],
      ]),
    );
    await Promise.all([...calls, file.close()]);
    const { frames, damage } = readFrames('', readFileSync(path));
    expect(damage).toBe(null);
    expect(frames.map(({ payload }) => Uint8Array.from(payload))).toEqual(
      upTo(100).flatMap((i) => [payload(i), payload(i)]),
    );
    await expect(file.append([[1, payload(1)]])).rejects.toThrow();
  });
});

const frames = (bytes: Buffer) => readFrames('', bytes).frames;
const frameAt = (bytes: Buffer, index: number) => frames(bytes)[index]!.offset;
const splice = (bytes: Buffer, to: number, from: number) =>
  Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);

function flip(bytes: Buffer, at: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at]! ^= 0x10;
  return flipped;
}

/** everything: names, metadata and values of all columns. */
async function everything(recording: Recording): Promise<unknown[]> {
  const all: unknown[] = [recording.columns];
  for (const { index } of recording.rowGroups) {
    for (const { index: column, kind } of recording.columns) {
      if (kind !== 'other') all.push(await recording.read([column], index));
    }
  }
  return all;
}
