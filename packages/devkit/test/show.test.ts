import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runShow } from '../src/show-cli.ts';
import { TemporaryPackage } from './workspace.ts';

const memory = fileURLToPath(new URL('../../plugin-memory', import.meta.url));

async function command(...argv: string[]) {
  const printed = { code: 0, out: '', error: '' };
  printed.code = await runShow(argv, {
    out: (text) => {
      printed.out += text;
    },
    error: (text) => {
      printed.error += text;
    },
  });
  return printed;
}

/** A built plugin of one sampler with 30 devices, which counts its refreshes. */
const counting = `export default ({ registrar }) => registrar.add({
  name: 'of_test', abi: 1, description: 'of a test',
  groups: [{ name: 'main', per: 'device', metrics: [
    { name: 'refreshes', kind: 'counter', description: 'of a test' },
    { name: 'levels', kind: 'gauge', description: 'of a test' },
    { name: 'sizes', kind: 'histogram', description: 'of a test' } ] }],
  create({ group: groupOf }) {
    const group = groupOf('main');
    group.setMembers(Array.from({ length: 30 }, (_, id) => ({ id, labels: { device: 'd' + id } })));
    return { groups: [group], report: () => ({ route: 'memory' }), refresh() {
      group.beginRead();
      group.counters[0] += 5n;
      group.gauges[0] = -7n;
      group.gaugesPresent = Uint8Array.from({ length: 30 }, (_, i) => Number(i === 0));
      for (const bucket of [1, 1, 1, 9]) group.histograms[0].buckets[bucket]++;
      group.endRead();
    } };
  },
})`;

const pluginOf = (rezolus: object, register: string) =>
  new TemporaryPackage({
    'package.json': JSON.stringify({
      name: 'plugin',
      version: '1.0.0',
      type: 'module',
      rezolus,
      oclif: { hooks: { 'rezolus:samplers': './register.js' } },
    }),
    'register.js': register,
  });

describe('rezolus-show', () => {
  it('says what a plugin measures', async () => {
    const { code, out } = await command(memory, '--seconds', '0.1');
    expect(code).toBe(0);
    expect(out).toContain('memory_meminfo: active, by /proc/meminfo\n');
    const total = Number(/MemTotal: +(\d+) kB/.exec(readFileSync('/proc/meminfo', 'utf8'))![1]) * 1024;
    expect(out).toContain(`  memory_total  ${total}\n`);
  });

  it('says what came in between: rates of counters, distributions, and only what is present', async () => {
    using plugin = pluginOf({ abi: 1, samplers: ['of_test'] }, counting);
    const { out } = await command(plugin.folder, '--seconds', '0.1');
    expect(out).toContain('of_test: active, by memory\n  refreshes{device="d0"}  10  (50.0/s)\n');
    expect(out).toContain('  refreshes: 10 more series\n');
    expect(out.match(/levels/g)).toHaveLength(1);
    expect(out).toContain('  levels{device="d0"}  -7\n');
    expect(out).toContain('  sizes{device="d0"}  4 values, half below 1, 99 % below 9\n');
    expect(out).toContain('  sizes{device="d1"}  no values yet\n');
  });

  it('fails where a sampler does not run, and says why', async () => {
    using unknown = pluginOf({ abi: 1, samplers: ['another'] }, counting);
    expect(await command(unknown.folder, '--seconds', '0.1')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/of_test: failed, .*not in "rezolus.samplers"/),
    });
    using future = pluginOf({ abi: 2, samplers: ['of_test'] }, counting);
    expect(await command(future.folder, '--seconds', '0.1')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/of_test: failed, plugin speaks ABI 2/),
    });
  });

  it.each([
    ['is no plugin', {}, /has no "rezolus"/],
    ['has no hook', { rezolus: { abi: 1, samplers: [] } }, /names no hook/],
    [
      'is not built',
      { rezolus: { abi: 1, samplers: [] }, oclif: { hooks: { 'rezolus:samplers': './dist/x.js' } } },
      /\.\/dist\/x\.js cannot be imported; is it built\?/,
    ],
  ])('says what is wrong with a folder that %s', async (_, manifest, message) => {
    using plugin = new TemporaryPackage({
      'package.json': JSON.stringify({ name: 'plugin', version: '1.0.0', ...manifest }),
    });
    expect(await command(plugin.folder)).toMatchObject({ code: 1, error: expect.stringMatching(message) });
  });

  it('explains itself', async () => {
    expect(await command('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: rezolus-show'),
    });
    expect(await command('--seconds', 'x')).toMatchObject({ code: 2 });
    expect(await command('a', 'b')).toMatchObject({ code: 2 });
    expect(await command('--fast')).toMatchObject({ code: 2, error: expect.stringContaining('--fast') });
    expect(await command('/nonexistent')).toMatchObject({
      code: 1,
      error: expect.stringContaining('/nonexistent'),
    });
  });
});
