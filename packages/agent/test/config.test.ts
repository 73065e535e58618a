import { readFileSync } from 'node:fs';
import type { SamplerDefinition } from '@rezolus/core';
import { parseConfig } from '@rezolus/core/config';
import { describe, expect, it } from 'vitest';
import { budgetOf } from '../src/config.ts';
import { agentConfigSchema, loadAgentConfig } from '../src/config-file.ts';
import { definition } from './fakes.ts';

const shipped = new URL('../../../config/agent.toml', import.meta.url).pathname;
const sections = [...readFileSync(shipped, 'utf8').matchAll(/^\[(.+)\]$/gm)].map((match) => match[1]!);
// The samplers of the plugins are held against the file in a test of the whole workspace.
const samplers = sections.flatMap((section) => /^samplers\.(.+)$/.exec(section)?.[1] ?? []);
const definitions: SamplerDefinition[] = samplers.map((name) => definition(name));

function parse(text: string, refused: string[] = []) {
  return parseConfig(text, 'agent.toml', agentConfigSchema(definitions, refused));
}

describe('config/agent.toml', () => {
  it('equals the defaults', () => {
    expect(loadAgentConfig(shipped, definitions)).toEqual(parse(''));
  });

  it('has every key', () => {
    const text = readFileSync(shipped, 'utf8');
    expect([...text.matchAll(/^(\w+) = /gm)].map((match) => match[1])).toEqual([
      ...['listen', 'web_config_file', 'hosts', 'ttl', 'snapshot_format', 'level', 'enabled', 'budget'],
      ...Object.keys(parse('').prometheus),
      ...Object.keys(parse('').plugins),
      ...Object.keys(parse('').external_metrics),
    ]);
    expect(sections).toEqual([
      'general',
      'log',
      'defaults',
      'prometheus',
      'plugins',
      'external_metrics',
      ...samplers.map((name) => `samplers.${name}`),
    ]);
    expect(samplers).toEqual([...new Set(samplers)].sort());
    expect(samplers).toContain('rezolus_rusage');
  });

  it('has defaults that are loopback, 10 ms and v3', () => {
    expect(parse('')).toMatchObject({
      general: {
        listen: { host: '127.0.0.1', port: 4241 },
        web_config_file: '',
        hosts: [],
        ttl: 10,
        snapshot_format: 'v3',
      },
      log: { level: 'info' },
      defaults: { enabled: true },
    });
  });
});

describe('agentConfigSchema', () => {
  it.each([
    ['0.0.0.0:4241', { host: '0.0.0.0', port: 4241 }],
    ['[::1]:80', { host: '::1', port: 80 }],
    ['node-1.example.com:0', { host: 'node-1.example.com', port: 0 }],
  ])('takes %s to listen on', (text, address) => {
    expect(parse(`[general]\nlisten = "${text}"`).general.listen).toEqual(address);
  });

  it.each(['4241', '127.0.0.1', '::1:80', '127.0.0.1:65536', 'a b:1', ''])(
    'refuses to listen on "%s"',
    (text) => {
      expect(() => parse(`[general]\nlisten = "${text}"`)).toThrow(
        /agent\.toml:2: general\.listen: ".*" is not an/,
      );
    },
  );

  it('names file, line, key and the nearest key of a misspelled one', () => {
    expect(() => parse('[general]\n\nlissten = "127.0.0.1:1"')).toThrow(
      expect.objectContaining({
        code: 'REZ_ERR_CONFIG_UNKNOWN_KEY',
        message: 'agent.toml:3: unknown key "general.lissten"; did you mean "listen"?',
      }),
    );
    expect(() => parse('[samplers.cpu_usag]\nenabled = false')).toThrow(/did you mean "cpu_usage"/);
  });

  it.each([
    ['[scheduler]\npolicy = "normal"', 'agent.toml:1: scheduler'],
    ['[general]\nbtf_path = "/x"', 'agent.toml:2: general.btf_path'],
    ['[defaults]\ninterval = "1s"', 'agent.toml:2: defaults.interval'],
    ['[defaults]\ngpu_perf_level = "auto"', 'agent.toml:2: defaults.gpu_perf_level'],
  ])('says of a key of the original that it is not supported: %s', (text, where) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'REZ_ERR_CONFIG_INVALID',
        message: `${where}: this version does not support this key; remove it`,
      }),
    );
  });

  it('gives a sampler the budget of its section, key by key, else that of [defaults]', () => {
    const config = parse(
      '[defaults]\nbudget = { cpu = "5ms", series = 100 }\n[samplers.cpu_usage]\nbudget = { cpu = "500us", map_bytes = 4096 }',
    );
    expect(budgetOf(config, 'cpu_usage')).toEqual({ cpu: 0.5, series: 100, map_bytes: 4096 });
    expect(budgetOf(config, 'another')).toEqual({ cpu: 5, series: 100 });
    expect(budgetOf(parse(''), 'cpu_usage')).toEqual({});
    expect(() => parse('[defaults]\nbudget = { series = 0 }')).toThrow(/defaults\.budget\.series/);
    expect(() => parse('[defaults]\nbudget = { memory = 1 }')).toThrow(
      /unknown key "defaults.budget.memory"/,
    );
  });

  it('lets a refused sampler keep its section', () => {
    expect(parse('[samplers.third_party]\nanything = 1', ['third_party']).samplers.third_party).toEqual({
      options: {},
    });
    expect(() => parse('[samplers.third_party]\nanything = 1')).toThrow(/unknown key "samplers.third_party"/);
  });
});
