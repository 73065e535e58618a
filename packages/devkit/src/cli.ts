import { parseArgs } from 'node:util';
import { RezolusError } from '@rezolus/core';
import { build, check } from './build.ts';
import { checkPrograms } from './check-programs.ts';
import { type BpfSource, findSources, title } from './source.ts';
import { findToolchain, type Toolchain } from './toolchain.ts';

const help = `Usage: rezolus-bpf build|check [--files] [folder...]

  build   compile bpf/*.bpf.c of each package to bpf/*.bpf.o and src/gen/*.bpf.ts
  check   tell whether these files are what their sources give, whether this kernel takes each program and if not why,
          and what a run of it costs; loading needs root, costs need the built package
          --files: only the first

Folders are packages; without one, this folder if it has BPF sources, else packages/* and examples/*.
Sources may include <rezolus/*.h> of @rezolus/bpf, <bpf/*.h> of libbpf-dev and headers below the package's src.
`;

/** Print: where the command writes to. */
export interface Print {
  out(text: string): void;
  error(text: string): void;
}

/** run: the command \`rezolus-bpf\`. Resolves with the exit code: 0 done, 1 stale, refused or failed, 2 wrong usage. */
export async function run(argv: readonly string[], print: Print): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, files: { type: 'boolean', default: false } },
    });
    const [command, ...folders] = positionals;
    if (values.help) {
      print.out(help);
      return 0;
    }
    if (command !== 'build' && command !== 'check') {
      print.error(help);
      return 2;
    }
    const sources = findSources(folders);
    if (sources.length === 0) {
      print.out('no bpf/*.bpf.c found\n');
      return 0;
    }
    const toolchain = findToolchain();
    if (command === 'build') return buildAll(sources, toolchain, print);
    const stale = checkFiles(sources, toolchain, print);
    const refused = values.files ? false : await checkPrograms(sources, print);
    return stale || refused ? 1 : 0;
  } catch (error) {
    if (error instanceof RezolusError) print.error(`${error.code}: ${error.message}\n${error.remedy}\n`);
    else if (error instanceof TypeError && 'code' in error) print.error(`${error.message}\n${help}`);
    else throw error;
    return error instanceof RezolusError ? 1 : 2;
  }
}

function buildAll(sources: readonly BpfSource[], toolchain: Toolchain, print: Print): number {
  for (const source of sources) {
    const { object, programs, warnings } = build(source, toolchain);
    print.error(warnings);
    print.out(`${title(source)}: ${object.length} bytes\n`);
    for (const { name, section, instructions } of programs) {
      print.out(`  ${String(instructions).padStart(6)} instructions  ${section}  ${name}\n`);
    }
  }
  return 0;
}

function checkFiles(sources: readonly BpfSource[], toolchain: Toolchain, print: Print): boolean {
  let stale = 0;
  for (const source of sources) {
    const result = check(source, toolchain);
    if (result.note !== undefined) print.out(`${title(source)}: ${result.note}\n`);
    for (const file of result.stale) print.error(`${title(source)}: ${file} is not what the source gives\n`);
    stale += result.stale.length;
  }
  if (stale > 0) {
    const remedy = 'run `npm run bpf` (or `rezolus-bpf build`) and commit them';
    print.error(`Generated files are not up to date: ${remedy}.\n`);
  }
  return stale > 0;
}
