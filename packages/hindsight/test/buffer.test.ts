import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silentLogger } from '@rezolus/core';
import { openRecording } from '@rezolus/recording';
import { expect, it } from 'vitest';
import { RollingBuffer } from '../src/buffer.ts';
import { dumpBuffer } from '../src/dump.ts';
import { bytesOf } from '../src/status.ts';
import { snapshotOf } from './agent.ts';
import { columnOf, scratch, steps } from './support.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const second = 1_000_000_000n;
const labels = { source: 'rezolus' };
const createdBy = 'test';
const bufferIn = (folder: string, durationMs: number, segmentRows: number, log = silentLogger) =>
  RollingBuffer.open({ folder, durationMs, intervalMs: 1000, segmentRows, createdBy, log });
const row = (n: number, at = n) => snapshotOf(BigInt(at) * second, [['ticks', {}, BigInt(n)]]);

it('holds at least its duration and at most a segment more, without a gap', async () => {
  using folder = scratch();
  const path = folder.path('b');
  await using buffer = await bufferIn(path, 100_000, 10);
  for (let n = 1; n <= 500; n++) {
    await buffer.append(row(n), labels);
    const { rows, oldestNs, newestNs } = buffer.state;
    expect(newestNs).toBe(BigInt(n) * second);
    if (n <= 100) expect(rows).toBe(n);
    else expect(newestNs! - oldestNs!).toBeGreaterThanOrEqual(100n * second);
    expect(rows).toBeLessThanOrEqual(112);
    if (n % 37 !== 0) continue;
    const output = folder.path('dump');
    const dumped = await dumpBuffer({ folder: path, output, createdBy });
    expect(dumped.lastNs).toBe(BigInt(n) * second);
    const { values } = await columnOf(output, 'ticks');
    expect(values.at(-1)).toBe(BigInt(n));
    expect(values.length).toBe(dumped.rows);
    expect(values.length).toBeGreaterThanOrEqual(Math.min(n, 100));
    expect(steps(values)).toEqual([1n]);
  }
});

it('keeps memory and disk flat while time goes on and series come and go', async () => {
  using folder = scratch();
  const path = folder.path('b');
  await using buffer = await bufferIn(path, 200_000, 60);
  const churning = (n: number) => {
    const generation = Math.floor(n / 50);
    const series = Array.from(
      { length: 50 },
      (_, i) => ['c', { id: `${generation}-${i}` }, BigInt(n)] as const,
    );
    return snapshotOf(BigInt(n) * second, [['ticks', {}, BigInt(n)], ...series]);
  };
  // What is on the disk rises and falls with every segment, which is a journal first and a file then.
  const run = async (from: number, to: number) => {
    const most = { disk: 0, files: 0 };
    for (let n = from; n < to; n++) {
      await buffer.append(churning(n), labels);
      if (n < to - 300 || n % 5 !== 0) continue;
      most.disk = Math.max(most.disk, await bytesOf(path));
      most.files = Math.max(most.files, readdirSync(path).length);
    }
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { ...most, heap: heapUsed + arrayBuffers };
  };
  const before = await run(0, 1500);
  const after = await run(1500, 6000);
  expect(after.files).toBeLessThanOrEqual(before.files + 2);
  // Four times the rows; but a slow disk has a segment more that is not a file yet.
  expect(after.disk).toBeLessThan(before.disk * 2);
  expect(after.heap).toBeLessThan(before.heap + 10e6);
  const output = folder.path('dump');
  await dumpBuffer({ folder: path, output, createdBy });
  await using recording = await openRecording(output);
  // 200 to 261 s of the 50 series of 50 s each, not those of all 6,000 s.
  expect(recording.columns.length).toBeLessThan(7 * 50 + 10);
  expect(new Set(recording.columns.map(({ name }) => name)).size).toBe(recording.columns.length);
});

it('dumps a range of whole segments, and says where there is nothing', async () => {
  using folder = scratch();
  const path = folder.path('b');
  await using buffer = await bufferIn(path, 1e6, 10);
  const output = folder.path('dump');
  const dump = (start: number, end: number) =>
    dumpBuffer({
      folder: path,
      output,
      createdBy,
      startNs: BigInt(start) * second,
      endNs: BigInt(end) * second,
    });
  await expect(dump(0, 1000)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_EMPTY' });
  for (let n = 1; n <= 95; n++) await buffer.append(row(n), labels);
  const spans = async (start: number, end: number) => {
    await dump(start, end);
    const { values } = await columnOf(output, 'ticks');
    return [values[0], values.at(-1), values.length];
  };
  expect(await spans(23, 37)).toEqual([21n, 40n, 20]);
  // The rows of the journal are those that were asked for.
  expect(await spans(88, 93)).toEqual([81n, 93n, 13]);
  await expect(dump(96, 1000)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_EMPTY' });
  expect(readdirSync(path).filter((name) => !/^(lock|segment-)/.test(name))).toEqual([]);
});

it('goes on when it is opened again, with another series under the same name', async () => {
  using folder = scratch();
  const path = folder.path('b');
  for (let part = 0; part < 3; part++) {
    await using buffer = await bufferIn(path, 1e6, 10);
    expect(buffer.state.rows).toBe(part * 25);
    for (let n = 1; n <= 25; n++) {
      const at = BigInt(part * 25 + n);
      const series = [['ticks', {}, at] as const, ['other', { part: String(part) }, at] as const];
      await buffer.append(snapshotOf(at * second, part === 1 ? series.reverse() : series), labels);
    }
  }
  const output = folder.path('dump');
  expect((await dumpBuffer({ folder: path, output, createdBy })).rows).toBe(75);
  expect(steps((await columnOf(output, 'ticks')).values)).toEqual([1n]);
  const others = (await columnOf(output, 'other')).values;
  expect(others.filter((value) => value !== null)).toHaveLength(25);
  await using recording = await openRecording(output);
  expect(recording.columns.filter(({ metadata }) => metadata.metric === 'other')).toHaveLength(3);
});

it('has the events of all segments, also of the moment between two of them', async () => {
  using folder = scratch();
  const path = folder.path('b');
  await using buffer = await bufferIn(path, 1e6, 10);
  const event = (n: number) => `{"timestamp":${n}000000001,"description":"event ${n}"}`;
  await buffer.describe({ keys: { source: 'rezolus' }, sources: { rezolus: {} } });
  for (let n = 1; n <= 35; n++) {
    await buffer.append(row(n), labels);
    if (n % 5 === 0) await buffer.addEvent(event(n));
  }
  const output = folder.path('dump');
  await dumpBuffer({ folder: path, output, createdBy });
  await using recording = await openRecording(output);
  const events = [5, 10, 15, 20, 25, 30, 35].map(event);
  expect(recording.metadata.get('events')).toBe(`{"events":[${events.join(',')}]}`);
  expect(recording.metadata.get('source')).toBe('rezolus');
  const range = '"first_sample_ns":1000000000,"last_sample_ns":35000000000';
  expect(recording.metadata.get('per_source_metadata')).toBe(`{"rezolus":{${range}}}`);
});

it('keeps its bound when the clock is set back or forth', async () => {
  using folder = scratch();
  await using buffer = await bufferIn(folder.path('b'), 100_000, 10);
  for (let n = 1; n <= 200; n++) await buffer.append(row(n, 1_000_000 + n), labels);
  for (let n = 201; n <= 600; n++) await buffer.append(row(n, n), labels);
  expect(buffer.state.rows).toBeGreaterThanOrEqual(100);
  expect(buffer.state.rows).toBeLessThanOrEqual(112);
  await buffer.append(row(601, 2_000_000), labels);
  expect(buffer.state.rows).toBeLessThanOrEqual(11);
  expect(buffer.state.rows).toBeGreaterThanOrEqual(1);
});

it('belongs to one process', async () => {
  using folder = scratch();
  const path = folder.path('b');
  {
    await using _buffer = await bufferIn(path, 1000, 10);
    await expect(bufferIn(path, 1000, 10)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_BUSY' });
  }
  await using again = await bufferIn(path, 1000, 10);
  expect(again.state).toEqual({ rows: 0, segments: 0, oldestNs: null, newestNs: null });
});
