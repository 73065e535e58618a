import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { root } from '../support/rezolus.ts';
import { builtInDefinitions } from '../support/samplers.ts';

const definitions = await builtInDefinitions();

describe('the samplers that come with Rezolus', () => {
  it('have a section each in config/agent.toml, with every option at its default', () => {
    const config = readFileSync(`${root}config/agent.toml`, 'utf8');
    const sections = [...config.matchAll(/^\[samplers\.(\w+)\]\n((?:(?!\[).*\n?)*)/gm)];
    expect(sections.map(([, name]) => name)).toEqual(definitions.map(({ definition }) => definition.name));
    for (const { definition } of definitions) {
      const body = sections.find(([, name]) => name === definition.name)![2]!;
      for (const [key, { default: value }] of Object.entries(definition.options ?? {})) {
        expect(body, definition.name).toMatch(new RegExp(`^# ${key} = ${JSON.stringify(value)}$`, 'm'));
      }
    }
  });

  it('declare metrics in one kind and unit per name, with a description each', () => {
    const kinds = new Map<string, string>();
    for (const { definition } of definitions) {
      for (const metric of definition.groups.flatMap((group) => group.metrics)) {
        const shape = `${metric.kind} ${metric.unit ?? ''}`;
        expect(kinds.get(metric.name) ?? shape, metric.name).toBe(shape);
        kinds.set(metric.name, shape);
        expect(metric.name).toMatch(/^[a-z][a-z0-9_]*$/);
        expect(metric.description.length, metric.name).toBeGreaterThan(10);
      }
    }
  });

  it('say by which routes they can measure, and what each needs', () => {
    const silent = definitions.filter(({ definition }) => (definition.routes ?? []).length === 0);
    expect(silent.map(({ definition }) => definition.name)).toEqual([]);
  });

  it('declare no series twice', () => {
    const seen = new Set<string>();
    for (const { definition } of definitions) {
      for (const metric of definition.groups.flatMap((group) => group.metrics)) {
        const key = JSON.stringify([
          definition.name,
          metric.name,
          Object.entries(metric.labels ?? {}).sort(),
        ]);
        expect(seen.has(key), key).toBe(false);
        seen.add(key);
      }
    }
  });
});
