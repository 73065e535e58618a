import { readdirSync, readFileSync } from 'node:fs';
import { silentLogger } from '@rezolus/core';
import { afterAll, describe, expect, it } from 'vitest';
import { describePlugin } from '../src/index.ts';
import { Fixtures, Host, limits } from './support.ts';

const fixtures = new Fixtures();
afterAll(() => fixtures[Symbol.dispose]());

/** The users of all processes. */
function processesOf(uid: string): string[] {
  return readdirSync('/proc').filter((entry) => {
    try {
      return (
        /^\d+$/.test(entry) &&
        /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, 'utf8'))?.[1] === uid
      );
    } catch {
      return false;
    }
  });
}

describe('a contained plugin', () => {
  it('says what it registers to nobody but a process without capabilities', async () => {
    const entry = await fixtures.entry('good', ['guest', 'visitor']);
    const { definitions } = await fixtures.installed('good', ['guest', 'visitor']);
    expect(await describePlugin(entry, limits, silentLogger)).toEqual({ definitions, refusals: [] });
  });

  it('counts, under the names of its host', async () => {
    await using host = await Host.start([await fixtures.installed('good', ['guest', 'visitor'])]);
    await host.refresh();
    expect(await host.refresh()).toEqual({ host: 2, guest: 2, visitor: 2 });
    expect(host.status('guest')).toMatchObject({
      state: 'active',
      health: 'healthy',
      plugin: 'rezolus-plugin-good',
      route: 'thin air',
      process: { pid: expect.any(Number), restarts: 0, rejected: 0 },
    });
    expect(host.status('visitor').process?.pid).toBe(host.status('guest').process?.pid);
    const series = host.groups().flatMap(({ schema }) => schema.counters);
    expect(new Set(series.map(({ name }) => name)).size).toBe(3);
    expect(series.find(({ labels }) => labels.sampler === 'guest')?.labels).toEqual({
      metric: 'guest_total',
      sampler: 'guest',
      unit: 'events',
      device: 'one',
    });
  });

  it('has no capabilities in any thread, a user of its own and no way to new privileges', async () => {
    await using host = await Host.start([await fixtures.installed('good')]);
    await host.refresh();
    const { pid } = host.status('guest').process!;
    const uids = new Set<string>();
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
      expect(status.match(/^Cap(?:Inh|Prm|Eff|Amb):\s+0{16}$/gm)).toHaveLength(4);
      expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
      uids.add(/^Uid:\s+(\d+)/m.exec(status)![1]!);
    }
    expect(uids.size).toBe(1);
    if (process.geteuid!() === 0) expect(Number([...uids][0])).toBeGreaterThan(65_535);
    const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
    expect(limits).toMatch(/Max core file size\s+0\s+0/);
    expect(limits).toMatch(/Max open files\s+1024\s+1024/);
  });

  it('ends with its set, and nothing is left of its user', async () => {
    const host = await Host.start([await fixtures.installed('good')]);
    await host.refresh();
    const status = readFileSync(`/proc/${host.status('guest').process!.pid}/status`, 'utf8');
    const uid = /^Uid:\s+(\d+)/m.exec(status)![1]!;
    await host[Symbol.asyncDispose]();
    if (uid !== '0') expect(processesOf(uid)).toEqual([]);
  });
});

describe('the host survives a plugin that', () => {
  it('throws', async () => {
    await using host = await Host.start([await fixtures.installed('throws')]);
    expect(await host.refresh()).toEqual({ host: 1, guest: 1 });
    expect(await host.refresh()).toEqual({ host: 2 });
    expect(host.status('guest')).toMatchObject({ state: 'failed', error: 'the device is gone' });
    expect(host.status('guest').process).toMatchObject({ restarts: 0 });
  });

  it('loops for ever', async () => {
    await using host = await Host.start([await fixtures.installed('endless-loop')], {
      refresh_timeout: 200,
      hang_timeout: 1000,
    });
    await host.refresh();
    const late = await host.until('guest', ({ state }) => state === 'failed');
    expect(late).toMatchObject({
      code: 'REZ_ERR_SAMPLER_TIMEOUT',
      error: 'rezolus-plugin-endless-loop did not answer within 200 ms',
    });
    const killed = await host.until('guest', ({ error }) => error!.includes('1000 ms'));
    expect(killed.process?.pid).toBeNull();
  });

  it('takes all the memory it can get', async () => {
    await using host = await Host.start([await fixtures.installed('memory-bomb')], { refresh_timeout: 100 });
    await host.until('guest', ({ state }) => state === 'active');
    const { error } = await host.until('guest', ({ code }) => code === 'REZ_ERR_PLUGIN_LIMIT');
    expect(error).toMatch(/^rezolus-plugin-memory-bomb took \d+ MiB of memory; allowed are 256 MiB$/);
  });

  it('ends its process', async () => {
    await using host = await Host.start([await fixtures.installed('exits')]);
    expect(await host.refresh()).toEqual({ host: 1, guest: 1 });
    expect(await host.refresh()).toEqual({ host: 2 });
    expect(host.status('guest')).toMatchObject({
      state: 'failed',
      code: 'REZ_ERR_PLUGIN_CRASHED',
      error: 'rezolus-plugin-exits ended by itself with status 7',
    });
    // And is started again, after a second.
    const again = await host.until('guest', ({ state }) => state === 'active');
    expect(again.process).toMatchObject({ restarts: 1 });
    await host.until('guest', ({ state }) => state === 'failed');
    expect(host.log.lines.filter((line) => line.includes('started again'))).toEqual([
      'rezolus-plugin-exits ended by itself with status 7; it is started again in 1 s',
      'rezolus-plugin-exits ended by itself with status 7; it is started again in 2 s',
    ]);
  });

  it('crashes in a foreign function', async () => {
    await using host = await Host.start([await fixtures.installed('segfault')]);
    await host.refresh();
    await host.refresh();
    expect(host.status('guest')).toMatchObject({
      code: 'REZ_ERR_PLUGIN_CRASHED',
      error: 'rezolus-plugin-segfault was ended by SIGSEGV',
    });
  });

  it('is a fork bomb', async () => {
    await using host = await Host.start([await fixtures.installed('fork-bomb')]);
    await host.refresh();
    const before = readFileSync(`/proc/${host.status('guest').process!.pid}/status`, 'utf8');
    const uid = /^Uid:\s+(\d+)/m.exec(before)![1]!;
    const { error } = await host.until('guest', ({ state }) => state === 'failed');
    expect(error).toMatch(/^rezolus-plugin-fork-bomb started \d+ processes, which a plugin may not$/);
    if (uid !== '0') await expect.poll(() => processesOf(uid), { timeout: 20_000 }).toEqual([]);
  });

  it('closes all file descriptors', async () => {
    await using host = await Host.start([await fixtures.installed('closes-descriptors')], {
      refresh_timeout: 1000,
    });
    await host.refresh();
    const { code, error } = await host.until('guest', ({ code }) => code === 'REZ_ERR_PLUGIN_CRASHED');
    expect(code).toBe('REZ_ERR_PLUGIN_CRASHED');
    expect(error).toMatch(/closed its connection|ended/);
  });

  it('lies about what it sends', async () => {
    await using host = await Host.start([await fixtures.installed('lies')]);
    await host.refresh();
    await host.refresh();
    expect(host.status('guest')).toMatchObject({
      state: 'failed',
      code: 'REZ_ERR_PLUGIN_DATA',
      error: 'rezolus-plugin-lies sent the counter "cpu_usage", which guest does not declare',
    });
    await host.until('guest', ({ process }) => process!.pid === null);
    expect(host.log.lines.filter((line) => line.includes('started again'))).toEqual([]);
  });

  it('has a million series', async () => {
    await using host = await Host.start([await fixtures.installed('million-series')], {
      memory_limit: 2 ** 32,
    });
    await host.refresh();
    await host.refresh();
    expect(host.status('guest')).toMatchObject({
      code: 'REZ_ERR_PLUGIN_LIMIT',
      error: 'rezolus-plugin-million-series has 1000000 series; allowed are 10000',
    });
  });

  it('takes the name of another sampler', async () => {
    await using host = await Host.start([await fixtures.installed('takes-names', ['guest', 'host'])]);
    expect(await host.refresh()).toEqual({ host: 1, guest: 1 });
    expect(host.status('host')).toMatchObject({
      state: 'failed',
      code: 'REZ_ERR_SAMPLER_DUPLICATE',
      error: 'sampler host of rezolus-plugin-takes-names is already registered by own',
    });
  });

  it('is slow: its series are absent until it answers in time', async () => {
    await using host = await Host.start([await fixtures.installed('slow')], { refresh_timeout: 250 });
    await host.until('guest', ({ state }) => state === 'active');
    const late = await host.until('guest', ({ state }) => state === 'failed');
    expect(late.error).toBe('rezolus-plugin-slow did not answer within 250 ms');
    expect(host.groups().map(({ name }) => name)).toEqual(['host/main']);
    const { process } = await host.until('guest', ({ state }) => state === 'active');
    expect(process).toMatchObject({ restarts: 0 });
    expect(process!.rejected).toBeGreaterThan(0);
  });
});
