import { describe, expect, it } from 'vitest';
import { type SamplerDefinition, SamplerRegistry } from '../src/index.ts';
import { definition, plugin } from './fakes.ts';

/** The sentence with which a definition with these changes is refused; null = accepted. */
function refused(changes: object, names = ['guest']): string | null {
  const registry = new SamplerRegistry();
  registry.for(plugin('p', names)).add({ ...definition('guest'), ...changes } as SamplerDefinition);
  const { refusals } = registry.resolve();
  expect(refusals.every(({ error }) => error.code === 'REZ_ERR_SAMPLER_DEFINITION')).toBe(true);
  return refusals[0]?.error.message ?? null;
}

const metric = { name: 'a_total', kind: 'counter', description: 'of a test' };
const group = (changes: object) => ({
  groups: [{ name: 'main', per: 'host', metrics: [metric], ...changes }],
});
const withMetric = (changes: object) => group({ metrics: [{ ...metric, ...changes }] });

describe('a definition', () => {
  it('that is what its type says is accepted', () => {
    const option = { type: 'integer', default: 1, min: 0, max: 9, description: 'of a test' };
    const routes = [{ route: '/proc/stat', needs: 'nothing' }];
    expect(
      refused({ ...withMetric({ unit: 'bytes', labels: { op: 'read' } }), options: { a: option }, routes }),
    ).toBe(null);
  });

  it.each<[string, object]>([
    ['has no description of up to 500 characters', { description: 'x'.repeat(501) }],
    ['declares no groups', { groups: {} }],
    ['declares a group that is none', { groups: [null] }],
    ['declares a group whose name "Main" is not snake_case', group({ name: 'Main' })],
    ['declares the group main per planet', group({ per: 'planet' })],
    ['declares the group main without metrics', group({ metrics: 'all' })],
    ['declares more than 64 groups', { groups: Array.from({ length: 65 }, () => ({})) }],
    ['declares more than 2000 metrics', group({ metrics: Array.from({ length: 2001 }, () => metric) })],
    ['declares a metric that is none', group({ metrics: [7] })],
    ['declares a metric whose name "a b" is not that of a metric', withMetric({ name: 'a b' })],
    ['declares a_total as a summary', withMetric({ kind: 'summary' })],
    [
      'declares a_total without a description of up to 500 characters',
      withMetric({ description: undefined }),
    ],
    ['declares a_total with a unit that is no text', withMetric({ unit: 7 })],
    ['declares a_total with the label "a-b"', withMetric({ labels: { 'a-b': '' } })],
    ['declares a_total with the label "a"', withMetric({ labels: { a: {} } })],
    [
      'declares the option "size" without its type, default or description',
      { options: { size: { type: 'float' } } },
    ],
    ['has routes that are not a list of what is read and what that needs', { routes: [{}] }],
  ])('is refused where it %s', (fault, changes) => {
    expect(refused(changes)).toBe(`p: sampler guest ${fault}`);
  });

  it('may not take the name of a metric of another plugin', () => {
    const registry = new SamplerRegistry();
    registry.for(plugin('z', ['own'], { builtIn: true })).add(definition('own'));
    const stolen = { ...definition('guest'), groups: definition('own').groups };
    registry.for(plugin('a', ['guest'])).add(stolen);
    const { registrations, refusals } = registry.resolve();
    expect(registrations.map((one) => one.definition.name)).toEqual(['own']);
    expect(refusals.map(({ error }) => [error.code, error.message])).toEqual([
      ['REZ_ERR_SAMPLER_DUPLICATE', 'sampler guest of a has the metric own_total, which is one of z'],
    ]);
  });
});
