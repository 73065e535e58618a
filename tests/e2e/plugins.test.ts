import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SamplerStatus } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { startAgent, TemporaryFolder } from '../support/rezolus.ts';

/** Writes a linked plugin that registers what `hook` says. */
function plugin(
  folder: TemporaryFolder,
  name: string,
  rezolus: object,
  hook: string,
): { name: string; root: string } {
  const root = join(folder.path, name);
  mkdirSync(root);
  const manifest = {
    name,
    version: '1.0.0',
    type: 'module',
    rezolus,
    oclif: { hooks: { 'rezolus:samplers': './register.js' } },
  };
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(root, 'register.js'), hook);
  return { name, root };
}

const definition = (name: string, create: string, abi = 1) =>
  `{ name: '${name}', abi: ${abi}, description: 'of a test', groups: [{ name: 'main', per: 'host', metrics: [` +
  `{ name: '${name}_metric', kind: 'gauge', description: 'of a test' }] }], create: ${create} }`;

const working = `(context) => { const group = context.group('main'); return { groups: [group], refresh() { group.gauges[0] = 7n } } }`;

describe('plugins of third parties', () => {
  it('that misbehave are each a status with a sentence, and the agent keeps serving', async () => {
    using folder = new TemporaryFolder();
    const samplers = (...names: string[]) => ({ abi: 1, samplers: names });
    const register = (...definitions: string[]) =>
      `export default ({ registrar }) => { ${definitions.map((text) => `registrar.add(${text})`).join(';')} }`;
    const plugins = [
      plugin(folder, 'rezolus-plugin-good', samplers('good'), register(definition('good', working))),
      plugin(
        folder,
        'rezolus-plugin-throws',
        samplers('thrower'),
        register(definition('thrower', `() => { throw new Error('no such device') }`)),
      ),
      plugin(
        folder,
        'rezolus-plugin-future',
        { abi: 2, samplers: ['future'] },
        `throw new Error('must not be loaded')`,
      ),
      plugin(
        folder,
        'rezolus-plugin-double',
        samplers('cpu_usage'),
        register(definition('cpu_usage', working)),
      ),
      plugin(
        folder,
        'rezolus-plugin-broken',
        samplers('broken'),
        `export default () => { throw new Error('cannot register') }`,
      ),
      plugin(
        folder,
        'rezolus-plugin-refresh',
        samplers('refresher'),
        register(
          definition('refresher', `() => ({ groups: [], refresh() { throw new Error('lost the device') } })`),
        ),
      ),
    ];
    folder.file(
      'package.json',
      JSON.stringify({ oclif: { plugins: plugins.map((linked) => ({ type: 'link', ...linked })) } }),
    );

    const { agent, url } = await startAgent(folder, '', { REZOLUS_DATA_DIR: folder.path });
    await using _agent = agent;
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
      error: 'rezolus-plugin-future speaks ABI 2, this agent speaks 1; upgrade Rezolus',
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
