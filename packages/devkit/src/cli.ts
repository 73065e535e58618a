import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { RezolusError } from '@rezolus/core';
import { build, check } from './build.ts';
import { type BpfSource, findSources } from './source.ts';
import { findToolchain, type Toolchain } from './toolchain.ts';

const help = `Usage: rezolus-bpf build|check [folder...]

  build   compile bpf/*.bpf.c of each package to bpf/*.bpf.o and src/gen/*.bpf.ts
  check   tell whether these files are what their sources give

Folders are packages; without one, this folder if it has BPF sources, else packages/*.
Sources may include <rezolus/*.h> of @rezolus/bpf, <bpf/*.h> of libbpf-dev and headers below the package's src.
`;

/** Print: where the command writes to. */
export interface Print {
  out(text: string): void;
  error(text: string): void;
}

/** run: the command \`rezolus-bpf\`. Returns the exit code: 0 done, 1 stale or failed, 2 wrong usage. */
export function run(argv: readonly string[], print: Print): number {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' } },
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
    return command === 'build' ? buildAll(sources, toolchain, print) : checkAll(sources, toolchain, print);
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

function checkAll(sources: readonly BpfSource[], toolchain: Toolchain, print: Print): number {
  let stale = 0;
  for (const source of sources) {
    const result = check(source, toolchain);
    if (result.note !== undefined) print.out(`${title(source)}: ${result.note}\n`);
    for (const file of result.stale) print.error(`${title(source)}: ${file} is not what the source gives\n`);
    stale += result.stale.length;
  }
  if (stale === 0) return 0;
  print.error(
    'Generated files are not up to date: run `npm run bpf` (or `rezolus-bpf build`) and commit them.\n',
  );
  return 1;
}

function title(source: BpfSource): string {
  const folder = relative(process.cwd(), source.folder);
  return folder === '' ? source.source : `${folder}/${source.source}`;
}
