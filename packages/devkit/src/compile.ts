import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { RezolusError } from '@rezolus/core';
import { linkObject } from '@rezolus/libbpf';
import { renderBindings } from './bindings.ts';
import { describeObject } from './describe.ts';
import type { BpfSource } from './source.ts';
import type { Toolchain } from './toolchain.ts';

/** Compiled: what a BPF source is turned into. */
export interface Compiled {
  readonly object: Buffer;
  readonly bindings: string;
  readonly programs: readonly CompiledProgram[];
  /** What the compiler warned of. */
  readonly warnings: string;
}

/** CompiledProgram: a program and the number of its BPF instructions, without those of functions that it calls. */
export interface CompiledProgram {
  readonly name: string;
  readonly section: string;
  readonly instructions: number;
}

/**
 * compile: compiles a BPF source, links it and describes it; writes nothing but temporary files. The result depends
 * on the sources and the versions of clang and libbpf, not on where they are. Throws REZ_ERR_BPF_TOOLCHAIN with the
 * compiler's output, REZ_ERR_BPF_OBJECT.
 */
export function compile(source: BpfSource, toolchain: Toolchain): Compiled {
  const temporary = mkdtempSync(join(tmpdir(), 'rezolus-bpf-'));
  try {
    const relocatable = join(temporary, `${source.name}.o`);
    const linked = join(temporary, `${source.name}.bpf.o`);
    const warnings = runClang(source, toolchain, relocatable);
    linkObject(linked, relocatable);
    const object = readFileSync(linked);
    const description = describeObject(object);
    const bindings = renderBindings(description, {
      name: source.name,
      source: source.source,
      object: relative(dirname(source.bindings), source.object),
      clangVersion: toolchain.clangVersion,
    });
    const programs = Object.entries(description.programs).map(([name, { section }]) => ({
      name,
      section,
      instructions: description.instructions[name]!,
    }));
    return { object, bindings, programs, warnings };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function runClang(source: BpfSource, { clang }: Toolchain, output: string): string {
  const includes = relative(source.folder, headerFolder(source.folder));
  // File names get into the line information of the object, so they must be the same wherever it is compiled.
  const { status, stderr, error } = spawnSync(
    clang,
    [
      ...['-O2', '-g', '-target', 'bpf', '-mcpu=v3', '-Wall'],
      ...['-fdebug-compilation-dir=.', `-ffile-prefix-map=${includes}=@rezolus/bpf`],
      ...['-I', includes, '-I', 'src', '-c', source.source, '-o', output],
    ],
    { cwd: source.folder, encoding: 'utf8' },
  );
  if (status !== 0) {
    const file = join(source.folder, source.source);
    throw new RezolusError('REZ_ERR_BPF_TOOLCHAIN', `${clang} failed on ${file}:\n${stderr ?? ''}`, {
      cause: error,
    });
  }
  return stderr;
}

/** The headers that the package depends on, else those that this devkit was made with. */
function headerFolder(folder: string): string {
  for (const from of [join(folder, 'package.json'), import.meta.url]) {
    try {
      return join(dirname(createRequire(from).resolve('@rezolus/bpf/package.json')), 'include');
    } catch {}
  }
  throw new RezolusError('REZ_ERR_BPF_TOOLCHAIN', '@rezolus/bpf is not installed');
}
