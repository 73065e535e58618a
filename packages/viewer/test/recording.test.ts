import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fileSource } from '../src/index.ts';
import { decodeRange } from '../src/wire.ts';
import { recordingPath, startTest, type TestViewer } from './support.ts';

const demo = recordingPath('demo.parquet');
const recent = recordingPath('rezolus-180s.parquet');

// Facts about demo.parquet (8 CPUs, 302 rows, 280 columns, two of them time and duration) are those of its Parquet schema.
describe.skipIf(demo === null || recent === null)('recordings of the original', () => {
  let viewer: TestViewer;
  beforeAll(async () => {
    viewer = await startTest(await fileSource(demo!));
  });
  afterAll(() => viewer[Symbol.asyncDispose]());
  const get = async (path: string) => (await viewer.call(path)).json;

  test('capture', async () => {
    const capture = (await get('/api/rezolus/v1/captures')).captures[0];
    expect(capture).toMatchObject({ kind: 'file', name: 'demo.parquet', intervalMs: 1000, series: 278 });
    expect(capture.endMs - capture.startMs).toBe(301_000);
    expect(capture.metadata).toEqual({ source: 'rezolus', version: '5.4.0', sampling_interval_ms: '1000' });
  });

  test('series and labels', async () => {
    const series = await get('/api/v1/series?match[]=cpu_migrations&match[]=memory_total');
    expect(series.data).toHaveLength(17);
    expect(series.data).toContainEqual({ __name__: 'cpu_migrations', direction: 'to', id: '2' });
    expect((await get('/api/v1/series?match[]={__name__!=""}')).data).toHaveLength(278);
    const labels = (await get('/api/v1/labels')).data;
    expect(labels).toEqual(expect.arrayContaining(['__name__', 'direction', 'id', 'kind', 'op', 'state']));
    expect(labels).not.toEqual(expect.arrayContaining(['metric_type', 'grouping_power']));
    expect((await get('/api/v1/label/op/values?match[]=blockio_bytes')).data).toEqual(
      expect.arrayContaining(['read', 'write']),
    );
    expect((await get('/api/v1/metadata?metric=blockio_bytes')).data.blockio_bytes[0]).toMatchObject({
      type: 'counter',
      unit: 'bytes',
    });
  });

  test('the same query by both APIs', async () => {
    const { startMs, endMs } = (await get('/api/rezolus/v1/captures')).captures[0];
    const query = 'sum by (id) (irate(cpu_usage[5m])) / 1e9';
    const seconds = { start: String(startMs / 1000), end: String(endMs / 1000), step: '1' };
    const prometheus = await get(`/api/v1/query_range?${new URLSearchParams({ query, ...seconds })}`);
    const ms = { start: String(startMs), end: String(endMs), points: '1000' };
    const { body } = await viewer.call(`/api/rezolus/v1/range?${new URLSearchParams({ query, ...ms })}`);
    const reply = decodeRange(Uint8Array.from(body).buffer);
    if (reply.kind !== 'lines') throw new Error('lines expected');
    expect(
      reply.series.map(({ labels, times, values }) => ({
        metric: labels,
        values: Array.from(times, (time, i) => [time / 1000, String(values[i])]),
      })),
    ).toEqual(prometheus.data.result);
    expect(reply.series).toHaveLength(8);
  });

  test('the machine comes with the recording', async () => {
    await using other = await startTest(await fileSource(recent!));
    const json = (await other.call('/api/rezolus/v1/captures')).json.captures[0];
    expect(json.systeminfo).toMatchObject({ hostname: 'vm', cpus: 2, memory_total_bytes: 25276502016 });
    expect(json.metadata).not.toHaveProperty('systeminfo');
    expect(json.metadata).not.toHaveProperty('descriptions');
    expect(json.metadata).not.toHaveProperty('ARROW:schema');
    const help = await other.call('/api/v1/metadata?metric=syscall');
    expect(help.json.data.syscall[0].help).toBe('The number of syscalls');
  });
});

test('a file that is no recording is refused', async () => {
  const path = new URL(import.meta.url).pathname;
  await expect(fileSource(path)).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_FORMAT' });
});
