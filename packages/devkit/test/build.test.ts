import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { build, check, compile, findSources, findToolchain } from '../src/index.ts';
import { counterFiles, libbpfFixtures, TemporaryPackage, toolchainHere } from './workspace.ts';

const toolchain = toolchainHere();

describe.skipIf(toolchain === undefined)('build', () => {
  const clang = toolchain!;

  it('gives the same bytes in every folder', () => {
    using one = new TemporaryPackage(counterFiles);
    using two = new TemporaryPackage(counterFiles, 'a much/deeper/folder');
    const [first, second] = [one, two].map(({ folder }) => compile(findSources([folder])[0]!, clang));
    expect(first!.object.equals(second!.object)).toBe(true);
    expect(first!.bindings).toBe(second!.bindings);
    expect(first!.object.includes(one.root)).toBe(false);
    expect(first!.object.includes('@rezolus/bpf/rezolus/test.h')).toBe(true);
    expect(first!.object.includes('.debug_info')).toBe(false);
  });

  it('writes object and bindings, which check accepts until the source changes', () => {
    using plugin = new TemporaryPackage(counterFiles);
    const [source] = findSources([], plugin.folder);
    expect(check(source!, clang).stale).toEqual(['src/gen/counter.bpf.ts', 'bpf/counter.bpf.o']);
    const { programs, warnings } = build(source!, clang);
    expect(programs).toEqual([
      { name: 'count', section: 'raw_tp/sys_enter', instructions: expect.any(Number) },
    ]);
    expect(programs[0]!.instructions).toBeGreaterThan(5);
    expect(warnings).toBe('');
    expect(check(source!, clang)).toEqual({ stale: [] });

    const changed = counterFiles['bpf/counter.bpf.c'].replace('counter +=', 'counter ^=');
    plugin.write('bpf/counter.bpf.c', changed);
    expect(check(source!, clang).stale).toEqual(['bpf/counter.bpf.o']);
    plugin.write('src/usage/usage.bpf.h', 'const volatile __u32 step = 3;\n');
    expect(check(source!, clang).stale).toEqual(['src/gen/counter.bpf.ts', 'bpf/counter.bpf.o']);
  });

  it('compares only the bindings where another clang built the object', () => {
    using plugin = new TemporaryPackage(counterFiles);
    const [source] = findSources([plugin.folder]);
    build(source!, { ...clang, clangVersion: '99.0.0' });
    plugin.write('bpf/counter.bpf.o', 'another');
    const result = check(source!, clang);
    expect(result.stale).toEqual([]);
    expect(result.note).toContain('clang 99.0.0');
    rmSync(join(plugin.folder, 'bpf/counter.bpf.o'));
    expect(check(source!, clang).stale).toEqual(['bpf/counter.bpf.o']);
  });

  it('finds the committed fixtures of libbpf up to date', () => {
    const sources = findSources([libbpfFixtures]);
    expect(sources.map(({ name }) => name)).toEqual(['lacking', 'rejected', 'sample']);
    for (const source of sources) expect(check(source, clang).stale).toEqual([]);
  });

  it('hands on what the compiler says', () => {
    using plugin = new TemporaryPackage({ 'bpf/broken.bpf.c': 'int broken( { }\n' });
    const [source] = findSources([plugin.folder]);
    expect(() => compile(source!, clang)).toThrow(
      expect.objectContaining({
        code: 'REZ_ERR_BPF_TOOLCHAIN',
        message: expect.stringContaining('bpf/broken.bpf.c:1:'),
      }),
    );
  });
});

describe('findToolchain', () => {
  it('says what it tried and what to do', () => {
    expect(() => findToolchain(['no-such-clang'])).toThrow(
      expect.objectContaining({
        code: 'REZ_ERR_BPF_TOOLCHAIN',
        message: expect.stringMatching(/no-such-clang.*npm run setup/),
      }),
    );
  });
});
