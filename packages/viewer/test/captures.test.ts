import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partialOf } from '@rezolus/recording';
import { JournaledWriter } from '@rezolus/recording/segments';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Capture } from '../src/contract.ts';
import { fileSource, openCaptures } from '../src/index.ts';
import { decodeRange } from '../src/wire.ts';
import { addOps, keys, smallRecording, writeArchive } from './recordings.ts';
import { memorySource, startMs, startTest, type TestViewer } from './support.ts';

const dir = mkdtempSync(join(tmpdir(), 'viewer-captures-'));
let [slow, fast] = ['', ''];
beforeAll(async () => {
  slow = join(dir, 'slow.parquet');
  fast = join(dir, 'fast.parquet');
  writeFileSync(slow, await smallRecording(10));
  writeFileSync(fast, await smallRecording(30));
});
afterAll(() => rmSync(dir, { recursive: true }));

const captures = '/api/rezolus/v1/captures';
const octets = { 'content-type': 'application/octet-stream' };
const upload = (viewer: TestViewer, name: string, body: Uint8Array) =>
  viewer.call(`${captures}?${new URLSearchParams({ name })}`, { method: 'POST', headers: octets, body });
const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith('rezolus-view-'));

/** The value of `ops` per second in the middle of a capture. */
async function rateOf(
  viewer: TestViewer,
  capture: string,
  more: Record<string, string> = {},
): Promise<number> {
  const params = { capture, query: 'sum(irate(ops[5m]))', ...more };
  const [start, end] = [
    startMs + 20_000 + Number(more.shift ?? 0),
    startMs + 30_000 + Number(more.shift ?? 0),
  ];
  const search = new URLSearchParams({ ...params, start: String(start), end: String(end) });
  const { body } = await viewer.call(`/api/rezolus/v1/range?${search}`);
  const reply = decodeRange(new Uint8Array(body).buffer);
  if (reply.kind !== 'lines') throw new Error('no lines');
  expect(reply.series[0]!.times[0]).toBe(start);
  return reply.series[0]!.values[5]!;
}

describe('several captures', () => {
  test('each has an id and an alias, and is asked by its id', async () => {
    await using viewer = await startTest([await fileSource(slow), await fileSource(fast), memorySource()]);
    const { json } = await viewer.call(captures);
    expect(json.captures.map(({ id, alias, name }: Capture) => [id, alias, name])).toEqual([
      ['1', 'slow', 'slow.parquet'],
      ['2', 'fast', 'fast.parquet'],
      ['3', 'test', 'test.parquet'],
    ]);
    expect(json.loading).toEqual({ maxBytes: 2 ** 30, maxCaptures: 8, urls: false });
    expect([await rateOf(viewer, '1'), await rateOf(viewer, '2')]).toEqual([10, 30]);
    const labels = await viewer.call('/api/v1/query?capture=2&query=ops&time=1700000005');
    expect(labels.json.data.result[0].value[1]).toBe('150');
    expect((await viewer.call('/api/rezolus/v1/sections?capture=9')).status).toBe(404);
  });

  test('times can be shifted, so that captures meet', async () => {
    await using viewer = await startTest(await fileSource(slow));
    expect(await rateOf(viewer, '1', { shift: '3600000' })).toBe(10);
  });

  test('the same name twice gets a number, and there are eight at most', async () => {
    await using viewer = await startTest(
      await Promise.all(Array.from({ length: 7 }, () => fileSource(slow))),
    );
    const body = readFileSync(slow);
    const { status, json } = await upload(viewer, 'slow.parquet', body);
    expect([status, json.captures.at(-1).alias]).toEqual([201, 'slow 8']);
    const more = await upload(viewer, 'slow.parquet', body);
    expect([more.status, more.json.error]).toEqual([409, expect.stringContaining('8 captures')]);
  });
});

describe('uploads', () => {
  test('a recording is added, answers and is removed with its file', async () => {
    const before = temporary();
    await using viewer = await startTest([]);
    expect((await viewer.call('/api/rezolus/v1/sections')).json).toEqual([]);
    expect((await viewer.call('/api/v1/labels')).status).toBe(404);
    const { status, json } = await upload(viewer, '../../<b>fast</b>.parquet', readFileSync(fast));
    expect(status).toBe(201);
    expect(json.captures).toMatchObject([{ id: '1', name: 'b>.parquet', kind: 'file', series: 1 }]);
    expect(await rateOf(viewer, '1')).toBe(30);
    expect(temporary().length).toBe(before.length + 1);
    expect((await viewer.call(`${captures}/1`, { method: 'DELETE' })).json.captures).toEqual([]);
    expect(temporary()).toEqual(before);
    expect((await viewer.call(`${captures}/1`, { method: 'DELETE' })).status).toBe(404);
  });

  test('an archive of two recordings is two captures, named by their arms', async () => {
    const before = temporary();
    const path = join(dir, 'ab.rez');
    writeArchive(path, { before: readFileSync(slow), after: readFileSync(fast) });
    const viewer = await startTest([]);
    const { json } = await upload(viewer, 'ab.rez', readFileSync(path));
    expect(json.captures.map(({ alias }: Capture) => alias)).toEqual(['before', 'after']);
    expect([await rateOf(viewer, '1'), await rateOf(viewer, '2')]).toEqual([10, 30]);
    await viewer[Symbol.asyncDispose]();
    expect(temporary()).toEqual(before);
  });

  test('what is no recording is an error that names the file, and leaves nothing behind', async () => {
    const before = temporary();
    await using viewer = await startTest([]);
    const whole = readFileSync(slow);
    const hostile: [string, Uint8Array][] = [
      ['empty.parquet', new Uint8Array()],
      ['text.parquet', Buffer.from('<script>alert(1)</script>')],
      ['magic.parquet', Buffer.from('PAR1PAR1')],
      ['torn.parquet', whole.subarray(0, whole.length - 20)],
      [
        'footer.parquet',
        Buffer.concat([whole.subarray(0, -8), Buffer.from([255, 255, 255, 127]), Buffer.from('PAR1')]),
      ],
      ['sqlite.rez', Buffer.from('SQLite format 3\0'.padEnd(5000, '\xff'), 'latin1')],
      ['msgpack.raw', Buffer.from([0x95, 0xdd, 0xff, 0xff, 0xff, 0xff])],
    ];
    for (const [name, body] of hostile) {
      const { status, json } = await upload(viewer, name, body);
      expect([name, status, json.errorType]).toEqual([name, 400, 'bad_data']);
      expect(json.error).toContain(name);
      expect(json.error).not.toContain(tmpdir());
    }
    expect((await viewer.call(captures)).json.captures).toEqual([]);
    expect(temporary()).toEqual(before);
  }, 60_000);

  test('a file above the limit is refused, whether it says so or not', async () => {
    const before = temporary();
    await using viewer = await startTest([], { loading: { maxBytes: 1000 } });
    const large = await upload(viewer, 'x', new Uint8Array(5000));
    expect([large.status, large.json.error]).toEqual([413, expect.stringContaining('larger than')]);
    const { hostname, port } = new URL(viewer.viewer.address);
    const endless = await fetch(`http://${hostname}:${port}${captures}?name=x`, {
      method: 'POST',
      headers: octets,
      body: new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(700)) }),
      duplex: 'half',
    }).then(
      ({ status }) => status,
      () => 413,
    );
    expect(endless).toBe(413);
    expect(temporary()).toEqual(before);
  });

  test('another site cannot upload or remove', async () => {
    await using viewer = await startTest(await fileSource(slow));
    const evil = { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
    const body = readFileSync(fast);
    const post = await viewer.call(`${captures}?name=x`, {
      method: 'POST',
      headers: { ...octets, ...evil },
      body,
    });
    const remove = await viewer.call(`${captures}/1`, { method: 'DELETE', headers: evil });
    expect([post.status, remove.status]).toEqual([403, 403]);
    expect((await viewer.call(captures)).json.captures).toHaveLength(1);
  });
});

test('a recording that is being written is followed until it is finished', async () => {
  const output = join(dir, 'growing.parquet');
  const writer = await JournaledWriter.create(partialOf(output), { createdBy: 'test', rowGroupRows: 25 });
  const append = addOps(writer, 10);
  await append(0, 40);
  await using viewer = await startTest((await openCaptures(output)).map(({ source }) => source));
  const capture = async (): Promise<Capture> => (await viewer.call(captures)).json.captures[0];
  expect(await capture()).toMatchObject({ kind: 'live', name: 'growing.parquet', endMs: startMs + 39_000 });
  expect(await rateOf(viewer, '1')).toBe(10);
  await append(40, 60);
  await expect.poll(async () => (await capture()).endMs, { timeout: 20_000 }).toBe(startMs + 59_000);
  await writer.finish(output, new Map(Object.entries(keys)));
  await expect.poll(async () => (await capture()).kind, { timeout: 20_000 }).toBe('file');
  expect(await rateOf(viewer, '1')).toBe(10);
});

test('what changed between two captures', async () => {
  await using viewer = await startTest([await fileSource(slow), await fileSource(fast)]);
  const window = { start: String(startMs), end: String(startMs + 59_000) };
  const shifts = async (more: Record<string, string>) =>
    viewer.call(`/api/rezolus/v1/shifts?${new URLSearchParams({ base: '1', ...window, ...more })}`);
  const { json } = await shifts({ other: '2' });
  expect(json).toMatchObject([
    {
      title: 'ops',
      query: 'sum(irate(ops[5m]))',
      unit: 'rate',
      base: { median: 10, p99: 10, mean: 10, count: 59 },
      other: { median: 30, p99: 30, mean: 30, count: 59 },
      effect: 1,
    },
  ]);
  expect((await shifts({ other: '1' })).json[0].effect).toBe(0);
  expect((await shifts({ other: '7' })).status).toBe(404);
});
