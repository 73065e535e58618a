import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PluginStore, type Stored } from '@rezolus/containment/store';
import { SnapshotDecoder } from '@rezolus/exposition';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adopt } from '../../packages/containment/test/packages.ts';
import { type Rezolus, startAgent, TemporaryFolder } from '../support/rezolus.ts';
import { statuses, until } from './support.ts';

/** A plugin whose sampler counts its refreshes in steps of an option. */
const hook = `export default ({ registrar }) => registrar.add({
  name: 'guest', abi: 1, description: 'counts refreshes',
  options: { step: { type: 'integer', default: 1, min: 1, max: 1000, description: 'how far' } },
  groups: [{ name: 'main', per: 'host', metrics: [{ name: 'guest_total', kind: 'counter', description: 'refreshes' }] }],
  create: ({ group, options }) => {
    const main = group('main');
    return { groups: [main], refresh() { main.counters[0] += BigInt(options.step) } };
  },
})`;

describe('SIGHUP', () => {
  const folder = new TemporaryFolder();
  const config = join(folder.path, 'agent.toml');
  let agent: Rezolus;
  let url: string;
  let stored: Stored;

  const state = async (sampler: string) => (await statuses(url)).find((one) => one.name === sampler);
  /** Reloads with another file and waits until the agent has said how that went. */
  const reload = async (change: (toml: string) => string) => {
    writeFileSync(config, change(readFileSync(config, 'utf8')));
    const said = /configuration and plugins loaded|nothing was reloaded/g;
    const count = () => agent.stderr.match(said)?.length ?? 0;
    const before = count();
    agent.child.kill('SIGHUP');
    await until(
      async () => count(),
      (now) => now > before,
    );
    return agent.stderr.trimEnd().split('\n').at(-1)!;
  };
  /** All counters of a sampler added up; null where it has none. */
  const total = async (sampler: string) => {
    const response = await fetch(`${url}/metrics/binary`);
    const { groups } = new SnapshotDecoder().decode(new Uint8Array(await response.arrayBuffer()));
    const own = groups.filter(({ name }) => name.startsWith(`${sampler}/`));
    if (own.length === 0) return null;
    return own.reduce((sum, { counters }) => counters.reduce((a, b) => a + b, sum), 0n);
  };

  beforeAll(async () => {
    // The plugin's process is another user's.
    chmodSync(folder.path, 0o755);
    const store = new PluginStore(join(folder.path, 'plugins'));
    stored = await adopt(store, { name: 'rezolus-plugin-guest', files: { 'register.js': hook } });
    const sections =
      '[samplers.cpu_migrations]\nenabled = false\n[samplers.guest]\nstep = 1\n[plugins]\nallow = []\n';
    ({ agent, url } = await startAgent(folder, sections, { REZOLUS_DATA_DIR: folder.path }));
  });
  afterAll(async () => {
    await agent[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('loads a plugin that plugins.allow names now; before that it was named in the status', async () => {
    expect(await state('guest')).toMatchObject({
      state: 'disabled',
      code: 'REZ_ERR_PLUGIN_NOT_ALLOWED',
      error: 'rezolus-plugin-guest is installed, but plugins.allow does not name it',
    });
    expect(await total('guest')).toBeNull();
    await reload((toml) =>
      toml.replace('allow = []', `allow = ["rezolus-plugin-guest@${stored.integrity}"]`),
    );
    expect(await state('guest')).toMatchObject({ state: 'active' });
    expect(await total('guest')).toBe(1n);
  });

  it('starts a sampler that is enabled now, and leaves the others their counters', async () => {
    const syscalls = (await total('syscall_counts'))!;
    expect(await total('cpu_migrations')).toBeNull();
    await reload((toml) => toml.replace('enabled = false', 'enabled = true'));
    expect(await total('cpu_migrations')).not.toBeNull();
    expect(await total('syscall_counts')).toBeGreaterThan(syscalls);
    expect(await total('guest')).toBeGreaterThan(1n);
  });

  it('starts a sampler anew whose options changed, and no other', async () => {
    const syscalls = (await total('syscall_counts'))!;
    await reload((toml) => toml.replace('step = 1', 'step = 500'));
    expect(await total('guest')).toBe(500n);
    expect(await total('syscall_counts')).toBeGreaterThan(syscalls);
  });

  it('stops a sampler that is disabled now', async () => {
    await reload((toml) => toml.replace('enabled = true', 'enabled = false'));
    expect(await total('cpu_migrations')).toBeNull();
    expect(await state('cpu_migrations')).toMatchObject({ state: 'disabled' });
  });

  it('changes nothing where the file is wrong, and says what is', async () => {
    const guest = (await total('guest'))!;
    const line = await reload((toml) => toml.replace('step = 500', 'stepp = 500'));
    expect(JSON.parse(line).msg).toMatch(
      /^nothing was reloaded: .*agent\.toml:\d+: unknown key "samplers\.guest\.stepp"; did you mean "step"\?$/,
    );
    expect(await total('guest')).toBeGreaterThan(guest);
    await reload((toml) => toml.replace('stepp', 'step'));
    expect(await total('guest')).toBeGreaterThan(guest);
  });

  it('says which sections need a restart', async () => {
    await reload((toml) => toml.replace('[samplers.guest]', '[log]\nlevel = "debug"\n[samplers.guest]'));
    expect(agent.stderr).toContain('[log] has changed; that needs a restart');
  });
});
