import { appendFileSync, chmodSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SnapshotDecoder } from '@rezolus/exposition';
import { openRecording } from '@rezolus/recording';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Finished, freePort, Rezolus, startAgent, TemporaryFolder } from '../support/rezolus.ts';
import { packExample, statuses, until } from './support.ts';

const name = 'rezolus-plugin-pagefault';

interface PluginCost {
  readonly plugin: string;
  readonly ns_per_second: number;
  readonly runs_per_second: number;
  readonly map_bytes: number;
}

describe('a plugin of a third party', () => {
  const folder = new TemporaryFolder();
  const data = join(folder.path, 'data');
  const env = { REZOLUS_DATA_DIR: data };
  const rezolus = (...args: string[]): Promise<Finished> => new Rezolus(args, env).finished();
  let agent: Rezolus;
  let url: string;
  let before: Map<string, bigint>;

  const reload = () => agent.child.kill('SIGHUP');
  const state = async (sampler: string) => (await statuses(url)).find((one) => one.name === sampler);
  /** The host's counters by identity. */
  const counters = async () => {
    const response = await fetch(`${url}/metrics/binary`);
    const { groups } = new SnapshotDecoder().decode(new Uint8Array(await response.arrayBuffer()));
    return new Map(
      groups.flatMap(({ schema, counters }) =>
        schema!.counters.map(
          ({ labels }, i) => [JSON.stringify(Object.entries(labels).sort()), counters[i]!] as const,
        ),
      ),
    );
  };
  /** The series of the plugin's samplers. */
  const series = async () =>
    [...(await counters()).keys()].filter((labels) => labels.includes('"sampler","pagefault'));

  beforeAll(async () => {
    // The plugin's process is another user's.
    chmodSync(folder.path, 0o755);
    ({ agent, url } = await startAgent(
      folder,
      '[samplers.rezolus_overhead]\ninterval = "1s"\nwindow = "200ms"\n',
      env,
    ));
    before = await counters();
  });
  afterAll(async () => {
    await agent[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('is installed from a tarball while the agent runs', async () => {
    expect(await rezolus('plugins:list')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no plugins'),
    });
    const tarball = packExample(name, folder.path);
    const { code, stdout, stderr } = await rezolus('plugins:install', tarball);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^installed rezolus-plugin-pagefault 0\.1\.0 with pagefault_counts, pagefault_latency\n/,
    );
    expect((await rezolus('plugins', 'list')).stdout).toContain(`${name} 0.1.0`);
  });

  it('is in the snapshot after SIGHUP, and nothing else has changed', async () => {
    reload();
    const counts = await until(
      () => state('pagefault_counts'),
      (status) => status?.state === 'active',
    );
    expect(counts).toMatchObject({ plugin: name, process: { restarts: 0, pid: expect.any(Number) } });
    expect((await series()).length).toBeGreaterThan(0);
    const after = await counters();
    const back = [...before].filter(
      ([labels, value]) => !(after.get(labels)! >= value) && !/"task|cgroup/.test(labels),
    );
    expect(back).toEqual([]);
  });

  it('has no powers, and is started again when its process dies', async () => {
    const { pid } = (await state('pagefault_counts'))!.process!;
    const threads = globSync(`/proc/${pid}/task/*/status`).map((path) => readFileSync(path, 'utf8'));
    expect(threads.flatMap((text) => text.match(/^CapEff:\s+0*[1-9a-f]/m) ?? [])).toEqual([]);
    expect(threads.every((text) => /^Uid:\s+[1-9]\d{4}\s/m.test(text))).toBe(true);
    process.kill(pid!, 'SIGKILL');
    const again = await until(
      async () => {
        await counters();
        return state('pagefault_counts');
      },
      (status) => status?.process?.restarts === 1 && status.state === 'active',
    );
    expect(again?.process?.pid).not.toBe(pid);
    expect(agent.stderr).toContain('was ended by SIGKILL; it is started again in 1 s');
  });

  it('has what its programs in the kernel cost in the status', async () => {
    const plugins = async () => {
      const status = (await (await fetch(`${url}/status`)).json()) as { plugins: PluginCost[] };
      return status.plugins.find(({ plugin }) => plugin === name);
    };
    const cost = await until(plugins, (one) => (one?.runs_per_second ?? 0) > 0);
    expect(cost!.ns_per_second).toBeGreaterThan(0);
    expect(cost!.map_bytes).toBeGreaterThan(0);
  });

  it('is in a recording', async () => {
    const file = join(folder.path, 'rezolus.parquet');
    expect((await rezolus('record', '--interval', '200ms', '--duration', '1s', url, file)).code).toBe(0);
    const recording = await openRecording(file);
    await recording.close();
    const samplers = new Set(recording.columns.map(({ metadata }) => metadata.sampler));
    expect([...samplers]).toEqual(
      expect.arrayContaining(['pagefault_counts', 'pagefault_latency', 'cpu_usage']),
    );
  });

  it('is in the exporter', async () => {
    const listen = `127.0.0.1:${await freePort()}`;
    const config = folder.file('exporter.toml', `[general]\nlisten = "${listen}"\nsource = "${url}"\n`);
    await using exporter = new Rezolus(['exporter', config]);
    await exporter.printed(/"address":"http/);
    const text = await until(
      async () => (await fetch(`http://${listen}/metrics`)).text(),
      (text) => text.includes('pagefault'),
    );
    expect(text).toMatch(/^# TYPE \w*pagefault\w* counter$/m);
  });

  it('has its section in the viewer', async () => {
    await using viewer = new Rezolus(['view', join(folder.path, 'rezolus.parquet')], env);
    const [address] = await viewer.printed(/http:\/\/\S+/);
    const sections = (await (await fetch(`${address}api/rezolus/v1/sections`)).json()) as { id: string }[];
    expect(sections.map(({ id }) => id)).toContain('pagefault');
    const query = encodeURIComponent('sum(pagefault)');
    const answer = await (await fetch(`${address}api/v1/query?query=${query}`)).json();
    expect(answer).toMatchObject({ status: 'success' });
  });

  it('is not loaded when its files were changed, and says so', async () => {
    const [file] = globSync(join(data, `plugins/*/node_modules/${name}/dist/register.js`));
    appendFileSync(file!, '\n// harmless, says who wrote it\n');
    reload();
    const status = await until(
      () => state('pagefault_counts'),
      (one) => one?.state === 'failed',
    );
    expect(status).toMatchObject({
      code: 'REZ_ERR_PLUGIN_INTEGRITY',
      error: `${name} is not loaded: ${name}/dist/register.js was changed`,
    });
    expect(await rezolus('plugins:list')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('was changed'),
    });
    expect(await series()).toEqual([]);
    expect((await rezolus('plugins:update')).stdout).toContain('is as it was');
    reload();
    await until(
      () => state('pagefault_counts'),
      (one) => one?.state === 'active',
    );
  });

  it('is gone after it was removed', async () => {
    expect((await rezolus('plugins:uninstall', name)).code).toBe(0);
    reload();
    await until(
      () => state('pagefault_counts'),
      (status) => status === undefined,
    );
    expect(await series()).toEqual([]);
    expect(globSync(join(data, 'plugins/*pagefault*'))).toEqual([]);
  });

  it('that speaks another ABI is not installed, and the user is told what to upgrade', async () => {
    const future = join(folder.path, 'future');
    mkdirSync(future);
    const manifest = {
      name: 'rezolus-plugin-future',
      version: '3.0.0',
      type: 'module',
      rezolus: { abi: 2, samplers: ['future'] },
      oclif: { hooks: { 'rezolus:samplers': './register.js' } },
    };
    writeFileSync(join(future, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(future, 'register.js'), 'throw new Error("must not run")');
    const { code, stderr } = await rezolus('plugins:install', `${future}/`);
    expect(code).toBe(1);
    expect(stderr).toContain('rezolus-plugin-future speaks ABI 2, this Rezolus speaks 1; upgrade Rezolus');
    expect((await rezolus('plugins:list')).stdout).toContain('no plugins');
  });
});
