import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PluginStore } from '@rezolus/containment/store';
import { SnapshotDecoder } from '@rezolus/exposition';
import { describe, expect, it } from 'vitest';
import { adopt } from '../../packages/containment/test/packages.ts';
import { root, startAgent, TemporaryFolder } from '../support/rezolus.ts';
import { statuses, until } from './support.ts';

const fixtures = join(root, 'packages/containment/test/fixtures');
const read = (file: string) => readFileSync(join(fixtures, file), 'utf8');

/** What the status says of each misbehaviour, sooner or later. */
const reasons: Readonly<Record<string, RegExp>> = {
  'closes-descriptors': /closed its connection|ended/,
  'endless-loop': /did not answer within 1500 ms/,
  exits: /ended by itself with status 7/,
  'fork-bomb': /started \d+ processes, which a plugin may not/,
  lies: /sent the counter "cpu_usage"/,
  'memory-bomb': /MiB of memory; allowed are 192 MiB|out of memory/,
  'million-series': /has 1000000 series; allowed are 10000|did not answer|of memory/,
  segfault: /was ended by SIGSEGV/,
  slow: /did not answer within 250 ms/,
  'takes-names': /is already registered by @rezolus\/plugin-cpu/,
  throws: /the device is gone/,
};

describe('an agent with eleven plugins that misbehave at once', () => {
  it('answers, counts and says of each what it did', async () => {
    using folder = new TemporaryFolder();
    chmodSync(folder.path, 0o755);
    const store = new PluginStore(join(folder.path, 'plugins'));
    expect(Object.keys(reasons)).toHaveLength(11);
    for (const fixture of Object.keys(reasons)) {
      const sampler = `guest_${fixture.replaceAll('-', '_')}`;
      // Each has a sampler of its own name; the one that takes names takes one of ours.
      const own = (text: string) =>
        text.replaceAll("'guest'", `'${sampler}'`).replaceAll("'host'", "'cpu_usage'");
      await adopt(store, {
        name: `rezolus-plugin-${fixture}`,
        samplers: fixture === 'takes-names' ? [sampler, 'cpu_usage'] : [sampler],
        files: { 'register.js': own(read(`${fixture}.mjs`)), 'sampler.mjs': own(read('sampler.mjs')) },
      });
    }
    const limits =
      '[plugins]\nrefresh_timeout = "250ms"\nhang_timeout = "1500ms"\nmemory_limit = 201326592\n';
    const { agent, url } = await startAgent(folder, limits, { REZOLUS_DATA_DIR: folder.path });
    await using _agent = agent;
    const seen = new Map<string, Set<string>>();
    let last = 0n;
    let answers = 0;
    await until(
      async () => {
        const response = await fetch(`${url}/metrics/binary`);
        expect(response.status).toBe(200);
        const { groups } = new SnapshotDecoder().decode(new Uint8Array(await response.arrayBuffer()));
        const syscalls = groups.find(({ name }) => name.startsWith('syscall_counts/'))!;
        const count = syscalls.counters.reduce((a, b) => a + b, 0n);
        expect(count).toBeGreaterThan(last);
        last = count;
        answers++;
        for (const { plugin, error } of await statuses(url)) {
          if (error === undefined || !plugin?.startsWith('rezolus-plugin-')) continue;
          const fixture = plugin.slice('rezolus-plugin-'.length);
          seen.set(fixture, (seen.get(fixture) ?? new Set()).add(error));
        }
        return Object.entries(reasons).filter(
          ([name, reason]) => ![...(seen.get(name) ?? [])].some((e) => reason.test(e)),
        );
      },
      (missing) => missing.length === 0,
      200_000,
    );
    expect(answers).toBeGreaterThan(3);
    const mine = (await statuses(url)).find(
      ({ name, plugin }) => name === 'cpu_usage' && plugin === '@rezolus/plugin-cpu',
    );
    expect(mine).toMatchObject({ state: 'active', health: 'healthy' });
    expect(
      readdirSync(fixtures)
        .filter((file) => file !== 'sampler.mjs' && file !== 'good.mjs')
        .sort(),
    ).toEqual(
      Object.keys(reasons)
        .map((name) => `${name}.mjs`)
        .sort(),
    );
  }, 240_000);
});
