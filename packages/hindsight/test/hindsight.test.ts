import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { openRecording } from '@rezolus/recording';
import { describe, expect, it } from 'vitest';
import type { HindsightStatus } from '../src/index.ts';
import { TestAgent } from './agent.ts';
import { columnOf, freePort, hindsightOf, Lines, scratch, until } from './support.ts';

describe('hindsight', () => {
  it('waits for an agent that is not there yet, and for one that was restarted', async () => {
    using folder = scratch();
    const port = await freePort();
    const output = folder.path('out.parquet');
    const log = new Lines();
    await using hindsight = await hindsightOf(`127.0.0.1:${port}`, output, 'interval = "50ms"', log);
    await until(() => log.matching(/^not recording: .* did not answer/).length > 0);
    await hindsight.capture();
    expect(log.matching(/^capture failed: there are no rows/)).toHaveLength(1);
    const recorded = async (more: number) => {
      const { ticks_recorded: before } = await hindsight.status();
      await until(async () => (await hindsight.status()).ticks_recorded >= before + more);
    };
    {
      await using _agent = await TestAgent.start({ port });
      await recorded(10);
      expect((await hindsight.status()).agent_answering).toBe(true);
    }
    await until(async () => !(await hindsight.status()).agent_answering);
    await using _agent = await TestAgent.start({ port, uptimeSeconds: 1 });
    await recorded(10);
    await until(() => log.matching(/^the agent was restarted/).length > 0);
    await recorded(2);
    expect(log.matching(/^not recording/)).toHaveLength(2);
    expect(log.matching(/^recording again/)).toHaveLength(2);
    await hindsight.capture();
    const [line] = log.matching(/^capture complete/);
    expect(line).toMatch(
      /^capture complete: [\d.]+m?s of metrics, \d+ rows \(\d+ bytes\) written to \S+out\.parquet$/,
    );
    const { values } = await columnOf(output, 'ticks');
    expect(values.filter((value, i) => i > 0 && value! < values[i - 1]!)).toHaveLength(1);
    await using recording = await openRecording(output);
    const key = (name: string) => JSON.parse(recording.metadata.get(name)!);
    expect(key('events').events).toMatchObject([{ kind: 'agent_restart', source: 'rezolus' }]);
    expect(key('systeminfo')).toEqual({ hostname: 'test' });
    expect(key('descriptions')).toEqual({ ticks: 'scrapes' });
    expect(recording.metadata.get('source')).toBe('rezolus');
    expect(recording.metadata.get('version')).toBe('9.9.9');
    expect(recording.intervalMs).toBe(50);
    const [first, last] = [recording.rowGroups[0]!.firstNs, recording.rowGroups.at(-1)!.lastNs];
    expect(recording.metadata.get('per_source_metadata')).toBe(
      `{"rezolus":{"first_sample_ns":${first},"last_sample_ns":${last},"sampler_status":[{"name":"test","state":"active"}]}}`,
    );
  });

  it('answers as the original does, and refuses what is wrong', async () => {
    using folder = scratch();
    await using agent = await TestAgent.start();
    const output = folder.path('out.parquet');
    await using hindsight = await hindsightOf(agent.url, output, 'interval = "20ms"');
    const get = async (path: string, method = 'GET', headers = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
      request(hindsight.address + path, { method, headers }, (response) => {
        let body = '';
        response.on('data', (part) => {
          body += part;
        });
        response.on('end', () => resolve({ status: response.statusCode!, body }));
      })
        .on('error', reject)
        .end();
      return promise;
    };
    await until(async () => (await hindsight.status()).ticks_recorded >= 20);
    expect((await get('/')).body).toMatch(/^Rezolus \S+ Hindsight\n[\s\S]*GET {2}\/dump\?last=5m/);
    const status = JSON.parse((await get('/status')).body) as HindsightStatus;
    expect(status).toMatchObject({ lookback_secs: 900, at_retention_bound: false, agent_answering: true });
    // A row counts as recorded a moment after it is in the buffer.
    expect([0, 1]).toContain(status.rows - status.ticks_recorded);
    expect(status.bytes).toBeGreaterThan(1000);
    expect(status.retained_secs).toBeCloseTo(status.newest_timestamp! - status.oldest_timestamp!, 2);

    const written = await get('/dump/file?last=1h', 'POST');
    expect(written.status).toBe(200);
    const reply = JSON.parse(written.body);
    const { times } = await columnOf(output, 'ticks');
    expect(reply).toMatchObject({ path: output, rows: times.length, tables: 1 });
    expect(reply.time_range.start).toBeCloseTo(times[0]!, 2);
    expect(reply.time_range.end).toBeCloseTo(times.at(-1)!, 2);
    await using recording = await openRecording(output);
    expect(reply.bytes).toBe(recording.size);

    expect(await get('/dump?last=soon')).toEqual({
      status: 400,
      body: 'last="soon" is not a duration such as 30s or 5m\n',
    });
    expect(JSON.parse((await get('/dump/file?start=2&end=1', 'POST')).body)).toMatchObject({
      error: 'start is after end',
    });
    expect((await get('/dump/file?start=2&end=1', 'POST')).status).toBe(400);
    expect((await get('/dump?end=10')).status).toBe(404);
    const json = { 'content-type': 'application/json' };
    expect((await get('/dump/file', 'POST', json)).status).toBe(200);
    expect((await get('/dump/file', 'GET')).status).toBe(404);
    expect((await get('/nothing')).status).toBe(404);
    expect((await get('/%ff')).status).toBe(400);
    expect((await get('/status', 'GET', { host: 'evil.example' })).status).toBe(421);
    expect((await get('/dump/file', 'POST', { origin: 'http://evil.example' })).status).toBe(403);
  });

  it('says at the start what cannot work', async () => {
    using folder = scratch();
    const start = async (output: string, lines = '') => {
      await using _hindsight = await hindsightOf('127.0.0.1:1', output, lines);
    };
    await expect(start(folder.path('no/out'))).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_WRITE' });
    await expect(start(folder.path('.'))).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_WRITE' });
    const drafts = ['.a.12-0123abcd', '..a.12-0123abcd.12-0123abce', '.a.b.12-0123abcd'];
    for (const name of drafts) writeFileSync(folder.path(name), '');
    writeFileSync(folder.path('out.buffer'), '');
    await expect(start(folder.path('out'))).rejects.toThrow('cannot be used as a buffer');
    await using hindsight = await hindsightOf('127.0.0.1:1', folder.path('a'), '');
    expect(drafts.filter((name) => existsSync(folder.path(name)))).toEqual(['.a.b.12-0123abcd']);
    await expect(start(folder.path('a'))).rejects.toMatchObject({ code: 'REZ_ERR_RECORDING_BUSY' });
    const { startHindsight } = await import('../src/index.ts');
    const { configOf } = await import('./support.ts');
    const { port } = new URL(hindsight.address!);
    const config = configOf(`output = "${folder.path('b')}"\nlisten = "127.0.0.1:${port}"`);
    const logger = new Lines().logger;
    await expect(startHindsight({ config, logger })).rejects.toMatchObject({ code: 'REZ_ERR_LISTEN' });
    // The buffer was given back.
    await start(folder.path('b'));
  });
});
