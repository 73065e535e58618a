import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { durationSchema, loadConfig, parseConfig, samplerSections } from '../src/config/index.ts';
import { ABI } from '../src/index.ts';

const schema = z.strictObject({
  general: z
    .strictObject({
      listen: z.string().default('127.0.0.1:1'),
      ttl: durationSchema().prefault('10ms'),
      retries: z.int().min(0).default(3),
    })
    .prefault({}),
  samplers: samplerSections([
    {
      name: 'cpu_usage',
      abi: ABI,
      description: '',
      groups: [],
      options: {
        tasks: { type: 'boolean', default: true, description: '' },
        limit: { type: 'integer', default: 8, min: 1, max: 64, description: '' },
        path: { type: 'string', default: '/proc', description: '' },
        every: { type: 'duration', default: '1m', description: '' },
      },
      create: () => ({ groups: [], refresh() {} }),
    },
  ]),
});

function message(text: string): string {
  try {
    parseConfig(text, 'agent.toml', schema);
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
  return 'accepted';
}

describe('parseConfig', () => {
  it('fills in defaults, also of sampler options', () => {
    expect(parseConfig('', 'agent.toml', schema)).toEqual({
      general: { listen: '127.0.0.1:1', ttl: 10, retries: 3 },
      samplers: { cpu_usage: { options: { tasks: true, limit: 8, path: '/proc', every: 60_000 } } },
    });
  });

  it.each([
    ['[general]\n# ttl\nttll = "1s"', 'agent.toml:3: unknown key "general.ttll"; did you mean "ttl"?'],
    ['general.lissten = "x"', 'agent.toml:1: unknown key "general.lissten"; did you mean "listen"?'],
    ['[generl]\nttl = "1s"', 'agent.toml:1: unknown key "generl"; did you mean "general"?'],
    ['[general]\nzzzzzzzz = 1', 'agent.toml:2: unknown key "general.zzzzzzzz"'],
    [
      '[samplers.cpu_usage]\n\n"limits" = 1',
      'agent.toml:3: unknown key "samplers.cpu_usage.limits"; did you mean "limit"?',
    ],
    ['[samplers.cpu_usages]', 'agent.toml:1: unknown key "samplers.cpu_usages"; did you mean "cpu_usage"?'],
  ])('names file, line, key and the nearest key: %j', (text, expected) => {
    expect(message(text)).toBe(`REZ_ERR_CONFIG_UNKNOWN_KEY ${expected}`);
  });

  it.each([
    ['[general]\nttl = "soon"', 'agent.toml:2: general.ttl: "soon" is not a duration'],
    ['[general]\nretries = -1', 'agent.toml:2: general.retries: '],
    ['[samplers.cpu_usage]\nlimit = 65', 'agent.toml:2: samplers.cpu_usage.limit: '],
    ['[samplers.cpu_usage]\nenabled = "yes"', 'agent.toml:2: samplers.cpu_usage.enabled: '],
  ])('names file, line and key of a wrong value: %j', (text, expected) => {
    expect(message(text)).toContain(`REZ_ERR_CONFIG_INVALID ${expected}`);
  });

  it('names the line that is not TOML', () => {
    expect(message('[general]\nttl = ')).toMatch(/^REZ_ERR_CONFIG_SYNTAX agent\.toml:2: /);
  });

  it('does not let a key reach the prototype of an object', () => {
    expect(message('__proto__.polluted = 1')).toMatch(/^REZ_ERR_CONFIG_UNKNOWN_KEY|accepted/);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('loadConfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads a file', () => {
    writeFileSync(join(folder, 'a.toml'), '[general]\nttl = "1h 30m"\n');
    expect(loadConfig(join(folder, 'a.toml'), schema).general.ttl).toBe(5_400_000);
  });

  it('names a file that is not there', () => {
    const path = join(folder, 'missing.toml');
    expect(() => loadConfig(path, schema)).toThrow(
      expect.objectContaining({ code: 'REZ_ERR_CONFIG_READ', message: `cannot read ${path}` }),
    );
  });
});
