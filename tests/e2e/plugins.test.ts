import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { PluginStore } from '@rezolus/containment/store';
import type { SamplerStatus } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { adopt } from '../../packages/containment/test/packages.ts';
import { startAgent, TemporaryFolder } from '../support/rezolus.ts';

const definition = (name: string, create: string, abi = 1) =>
  `{ name: '${name}', abi: ${abi}, description: 'of a test', groups: [{ name: 'main', per: 'host', metrics: [` +
  `{ name: '${name}_metric', kind: 'gauge', description: 'of a test' }] }], create: ${create} }`;

const working = `(context) => { const group = context.group('main'); return { groups: [group], refresh() { group.gauges[0] = 7n } } }`;
const register = (...definitions: string[]) =>
  `export default ({ registrar }) => { ${definitions.map((text) => `registrar.add(${text})`).join(';')} }`;

describe('plugins of third parties', () => {
  it('that misbehave are each a status with a sentence, and the agent keeps serving', async () => {
    using folder = new TemporaryFolder();
    // Their processes are other users'.
    chmodSync(folder.path, 0o755);
    const store = new PluginStore(join(folder.path, 'plugins'));
    const plugins: Record<string, [sampler: string, hook: string]> = {
      good: ['good', register(definition('good', working))],
      throws: ['thrower', register(definition('thrower', `() => { throw new Error('no such device') }`))],
      future: ['future', register(definition('future', working, 2))],
      double: ['cpu_usage', register(definition('cpu_usage', working))],
      broken: ['broken', `export default () => { throw new Error('cannot register') }`],
      refresh: [
        'refresher',
        register(
          definition('refresher', `() => ({ groups: [], refresh() { throw new Error('lost the device') } })`),
        ),
      ],
    };
    for (const [name, [sampler, hook]] of Object.entries(plugins))
      await adopt(store, {
        name: `rezolus-plugin-${name}`,
        samplers: [sampler],
        files: { 'register.js': hook },
      });

    const { agent, url } = await startAgent(folder, '', { REZOLUS_DATA_DIR: folder.path });
    await using _agent = agent;
    // Third parties join an agent that serves already.
    await agent.printed(/configuration and plugins loaded/);
    const snapshot = await (await fetch(`${url}/metrics/json`)).text();
    const status: SamplerStatus[] = (
      (await (await fetch(`${url}/status`)).json()) as { samplers: SamplerStatus[] }
    ).samplers;
    const of = (name: string, plugin: string) =>
      status.find((sampler) => sampler.name === name && sampler.plugin === plugin);

    expect(of('good', 'rezolus-plugin-good')).toMatchObject({ state: 'active', health: 'healthy' });
    expect(snapshot).toContain('good_metric');
    expect(of('thrower', 'rezolus-plugin-throws')).toMatchObject({
      state: 'failed',
      code: 'REZ_ERR_SAMPLER_START',
      error: 'no such device',
    });
    expect(of('future', 'rezolus-plugin-future')).toMatchObject({
      state: 'failed',
      code: 'REZ_ERR_PLUGIN_ABI',
      error: 'sampler future of rezolus-plugin-future was made for ABI 2, this agent speaks 1',
    });
    expect(of('cpu_usage', 'rezolus-plugin-double')).toMatchObject({
      state: 'failed',
      code: 'REZ_ERR_SAMPLER_DUPLICATE',
    });
    expect(of('cpu_usage', '@rezolus/plugin-cpu')).toMatchObject({ state: 'active', health: 'healthy' });
    expect(of('broken', 'rezolus-plugin-broken')).toMatchObject({
      state: 'failed',
      code: 'REZ_ERR_PLUGIN_LOAD',
    });
    expect(of('refresher', 'rezolus-plugin-refresh')).toMatchObject({
      state: 'failed',
      error: 'lost the device',
    });
    for (const code of [
      'REZ_ERR_SAMPLER_START',
      'REZ_ERR_PLUGIN_ABI',
      'REZ_ERR_SAMPLER_DUPLICATE',
      'REZ_ERR_PLUGIN_LOAD',
    ]) {
      expect(agent.stderr).toContain(code);
    }
    expect((await fetch(`${url}/metrics/binary`)).status).toBe(200);
  });
});
