import { describe, expect, it } from 'vitest';
import { ABI, type SamplerDefinition, SamplerRegistry } from '../src/index.ts';
import { definition, plugin } from './fakes.ts';

function resolve(registry: SamplerRegistry) {
  const { registrations, refusals } = registry.resolve();
  return {
    accepted: registrations.map((each) => `${each.definition.name} of ${each.plugin.name}`),
    refused: refusals.map(({ sampler, error }) => [sampler, error.code]),
    sentences: refusals.map(({ error }) => error.message),
  };
}

describe('SamplerRegistry', () => {
  it('sorts by sampler name, whatever the order of registration', () => {
    const registry = new SamplerRegistry();
    registry.for(plugin('p', ['b', 'c'])).add(definition('c'));
    registry.for(plugin('q', ['a'])).add(definition('a'));
    registry.for(plugin('p', ['b', 'c'])).add(definition('b'));
    expect(resolve(registry).accepted).toEqual(['a of q', 'b of p', 'c of p']);
  });

  it('starts empty, also beside another registry', () => {
    new SamplerRegistry().for(plugin('p', ['a'])).add(definition('a'));
    expect(resolve(new SamplerRegistry())).toEqual({ accepted: [], refused: [], sentences: [] });
  });

  it('refuses every sampler of a plugin of another ABI, and says which side to upgrade', () => {
    const registry = new SamplerRegistry();
    expect(registry.accepts(plugin('same', ['a']))).toBe(true);
    expect(registry.accepts(plugin('newer', ['a', 'b'], { abi: ABI + 1 }))).toBe(false);
    expect(registry.accepts(plugin('older', [], { abi: 0 }))).toBe(false);
    const { refused, sentences } = resolve(registry);
    expect(refused).toEqual([
      ['a', 'REZ_ERR_PLUGIN_ABI'],
      ['b', 'REZ_ERR_PLUGIN_ABI'],
      ['older', 'REZ_ERR_PLUGIN_ABI'],
    ]);
    expect(sentences[0]).toMatch(/upgrade Rezolus$/);
    expect(sentences[2]).toMatch(/upgrade older$/);
  });

  it('keeps of two samplers of one name the built-in one, else that of the first plugin by name', () => {
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      const registry = new SamplerRegistry();
      const plugins = [
        plugin('z', ['a'], { builtIn: true }),
        plugin('b', ['a', 'x']),
        plugin('c', ['a', 'x']),
      ];
      for (const i of order) {
        for (const name of plugins[i]!.samplers) registry.for(plugins[i]!).add(definition(name));
      }
      expect(resolve(registry)).toEqual({
        accepted: ['a of z', 'x of b'],
        refused: [
          ['a', 'REZ_ERR_SAMPLER_DUPLICATE'],
          ['a', 'REZ_ERR_SAMPLER_DUPLICATE'],
          ['x', 'REZ_ERR_SAMPLER_DUPLICATE'],
        ],
        sentences: [
          'sampler a of b is already registered by z',
          'sampler a of c is already registered by z',
          'sampler x of c is already registered by b',
        ],
      });
    }
  });

  it.each<[string, unknown, string]>([
    ['null', null, 'REZ_ERR_SAMPLER_DEFINITION'],
    ['a string', 'a', 'REZ_ERR_SAMPLER_DEFINITION'],
    ['no name', {}, 'REZ_ERR_SAMPLER_DEFINITION'],
    ['a name with a slash', { ...definition('a'), name: 'a/b' }, 'REZ_ERR_SAMPLER_DEFINITION'],
    ['a name in capitals', { ...definition('a'), name: 'A' }, 'REZ_ERR_SAMPLER_DEFINITION'],
    ['another ABI', { ...definition('a'), abi: 99 }, 'REZ_ERR_PLUGIN_ABI'],
    ['no ABI', { ...definition('a'), abi: undefined }, 'REZ_ERR_PLUGIN_ABI'],
    ['a sampler that was not announced', definition('other'), 'REZ_ERR_SAMPLER_DEFINITION'],
    ['no factory', { ...definition('a'), create: undefined }, 'REZ_ERR_SAMPLER_DEFINITION'],
    ['no groups', { ...definition('a'), groups: undefined }, 'REZ_ERR_SAMPLER_DEFINITION'],
  ])('refuses a definition that is %s', (_, bad, code) => {
    const registry = new SamplerRegistry();
    registry.for(plugin('p', ['a'])).add(bad as SamplerDefinition);
    const { accepted, refused } = resolve(registry);
    expect(accepted).toEqual([]);
    expect(refused.map(([, refusal]) => refusal)).toEqual([code]);
  });
});
