import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { clangVersionOf } from './bindings.ts';
import { type Compiled, compile } from './compile.ts';
import type { BpfSource } from './source.ts';
import type { Toolchain } from './toolchain.ts';

/** build: compiles a BPF source and writes its object and bindings. Throws REZ_ERR_BPF_TOOLCHAIN, REZ_ERR_BPF_OBJECT. */
export function build(source: BpfSource, toolchain: Toolchain): Compiled {
  const compiled = compile(source, toolchain);
  mkdirSync(dirname(join(source.folder, source.bindings)), { recursive: true });
  writeIfChanged(join(source.folder, source.object), compiled.object);
  writeIfChanged(join(source.folder, source.bindings), Buffer.from(compiled.bindings));
  return compiled;
}

function writeIfChanged(path: string, content: Buffer): void {
  if (!existsSync(path) || !readFileSync(path).equals(content)) writeFileSync(path, content);
}

/** CheckResult: the generated files that differ from their source, and what was not compared. */
export interface CheckResult {
  readonly stale: readonly string[];
  readonly note?: string;
}

/**
 * check: compares the committed object and bindings with what their source gives now. Another clang makes another
 * object of the same meaning, so that only the bindings are compared then. Throws as `build` does.
 */
export function check(source: BpfSource, toolchain: Toolchain): CheckResult {
  const read = (path: string): Buffer | undefined => {
    const file = join(source.folder, path);
    return existsSync(file) ? readFileSync(file) : undefined;
  };
  const bindings = read(source.bindings)?.toString();
  const object = read(source.object);
  const recorded = clangVersionOf(bindings ?? '') ?? toolchain.clangVersion;
  const compiled = compile(source, { ...toolchain, clangVersion: recorded });
  const sameClang = recorded === toolchain.clangVersion;
  const stale: string[] = [];
  if (bindings !== compiled.bindings) stale.push(source.bindings);
  if (object === undefined || (sameClang && !object.equals(compiled.object))) stale.push(source.object);
  if (sameClang) return { stale };
  return {
    stale,
    note: `built with clang ${recorded}, here is ${toolchain.clangVersion}: the object is not compared`,
  };
}
