import { describe, expect, it } from 'vitest';
import { run } from '../src/cli.ts';
import { counterFiles, TemporaryPackage, toolchainHere } from './workspace.ts';

const toolchain = toolchainHere();

async function command(...argv: string[]) {
  const printed = { code: 0, out: '', error: '' };
  printed.code = await run(argv, {
    out: (text) => {
      printed.out += text;
    },
    error: (text) => {
      printed.error += text;
    },
  });
  return printed;
}

describe('rezolus-bpf', () => {
  it('explains itself', async () => {
    expect(await command('--help')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: rezolus-bpf'),
    });
    expect(await command()).toMatchObject({ code: 2, error: expect.stringContaining('Usage: rezolus-bpf') });
    expect(await command('destroy')).toMatchObject({ code: 2 });
    expect(await command('build', '--fast')).toMatchObject({
      code: 2,
      error: expect.stringContaining('--fast'),
    });
  });

  it('names a folder that does not exist', async () => {
    const { code, error } = await command('build', '/nonexistent/plugin');
    expect(code).toBe(1);
    expect(error).toContain('/nonexistent/plugin does not exist');
  });

  it.skipIf(toolchain === undefined)('builds, then finds it up to date, then stale', async () => {
    using plugin = new TemporaryPackage(counterFiles);
    expect(await command('check', '--files', plugin.folder)).toMatchObject({
      code: 1,
      error: expect.stringContaining('npm run bpf'),
    });
    const built = await command('build', plugin.folder);
    expect(built).toMatchObject({ code: 0, error: '' });
    expect(built.out).toMatch(
      /counter\.bpf\.c: \d+ bytes\n +\d+ instructions {2}raw_tp\/sys_enter {2}count\n/,
    );
    expect(await command('check', '--files', plugin.folder)).toEqual({ code: 0, out: '', error: '' });
  });

  it('has nothing to do without sources', async () => {
    using plugin = new TemporaryPackage({});
    expect(await command('build', plugin.folder)).toMatchObject({ code: 0, out: 'no bpf/*.bpf.c found\n' });
  });
});
