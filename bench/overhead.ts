import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SamplerDefinition } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import { createBpfLoader } from '@rezolus/libbpf';
import { builtInDefinitions } from '../tests/support/samplers.ts';
import { empty } from './src/gen/empty.bpf.ts';
import { formatNs, median, type Table } from './table.ts';

interface Load {
  readonly name: string;
  readonly operation: string;
  readonly args: readonly (string | number)[];
  /** It does nothing but run: its CPU time counts, which others on the machine lengthen less than its duration. */
  readonly cpuTime?: boolean;
}

/** Variant: something that is attached while a load runs. */
interface Variant {
  readonly name: string;
  attach(): Promise<AsyncDisposable>;
}

/** LoopDevice: a block device on a file, for direct writes that reach no disk. */
class LoopDevice implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'rezolus-bench-'));
  readonly path: string;
  constructor(megabytes: number) {
    const file = join(this.#folder, 'disk');
    execFileSync('truncate', ['-s', `${megabytes}M`, file]);
    this.path = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim();
  }
  [Symbol.dispose](): void {
    execFileSync('losetup', ['-d', this.path]);
    rmSync(this.#folder, { recursive: true });
  }
}

async function variants(): Promise<Variant[]> {
  const definitions = await builtInDefinitions();
  const plugins = Map.groupBy(definitions, ({ plugin }) => plugin);
  const start = (samplers: readonly { definition: SamplerDefinition }[]) =>
    Harness.start(samplers.map(({ definition }) => definition));
  const perPlugin = [...plugins]
    .filter(([plugin]) => plugin.startsWith('@rezolus/plugin-') && plugin !== '@rezolus/plugin-memory')
    .map(([plugin, samplers]) => ({ name: plugin.replace('@rezolus/', ''), attach: () => start(samplers) }));
  return [
    { name: 'base', attach: async () => ({ [Symbol.asyncDispose]: async () => {} }) },
    { name: 'empty programs', attach: attachEmpty },
    ...perPlugin,
    { name: 'all', attach: () => start(definitions) },
  ];
}

async function attachEmpty(): Promise<AsyncDisposable> {
  const object = createBpfLoader().open(empty);
  object.load();
  object.attachAll(Object.keys(empty.programs));
  return { [Symbol.asyncDispose]: async () => object[Symbol.dispose]() };
}

/**
 * overhead: what each operation of a load costs more with our programs attached. The variants take turns within each
 * round, so that drift of the machine hits all of them; the median of the rounds counts.
 */
export async function overhead(quick: boolean): Promise<Table[]> {
  const rounds = quick ? 3 : 11;
  const scale = quick ? 0.25 : 1;
  using loop = new LoopDevice(512);
  const loads: readonly Load[] = [
    { name: 'getppid loop', operation: 'system call', args: ['syscalls', 2_000_000 * scale], cpuTime: true },
    {
      name: 'pipe ping-pong, one CPU',
      operation: 'round trip',
      args: ['pingpong', '0', 100_000 * scale],
      cpuTime: true,
    },
    { name: 'pipe ping-pong, two CPUs', operation: 'round trip', args: ['pingpong', '0,1', 20_000 * scale] },
    { name: 'fork, exec, wait', operation: 'process', args: ['forkexec', 1000 * scale], cpuTime: true },
    {
      name: 'direct writes of 4 KiB to a loop device',
      operation: 'write',
      args: ['write', loop.path, 20_000 * scale, 4096],
    },
    { name: 'loopback TCP, 64 bytes', operation: 'message and answer', args: ['tcp', 30_000 * scale, 64] },
    { name: 'loopback TCP, 1 MB', operation: 'message and answer', args: ['tcp', 1000 * scale, 1_000_000] },
  ];
  const candidates = await variants();
  const tables: Table[] = [];
  for (const load of loads) {
    const samples = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const { name, attach } of rotated(candidates, round)) {
        process.stderr.write(`\r\x1b[2K${load.name}: round ${round + 1} of ${rounds}, ${name}`);
        await using _attached = await attach();
        const report = await runLoad(...load.args);
        samples
          .get(name)!
          .push((load.cpuTime === true ? report.cpuUs * 1000 : report.ns) / report.operations);
      }
    }
    process.stderr.write('\r\x1b[2K');
    tables.push(tableOf(load, samples));
  }
  return tables;
}

/** rotated: another one begins each round, so that none always follows the same neighbour. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}

function tableOf({ name, operation, cpuTime }: Load, samples: ReadonlyMap<string, readonly number[]>): Table {
  const base = samples.get('base')!;
  const rows = [...samples].map(([variant, values]) => {
    // Pairs of one round: what was added over the base that ran beside it.
    const added = median(values.map((value, round) => value - base[round]!));
    const ratio = median(values.map((value, round) => value / base[round]!));
    return [variant, ratio.toFixed(2), variant === 'base' ? '' : formatNs(added), formatNs(median(values))];
  });
  return {
    title: name,
    note: `${cpuTime === true ? 'CPU time' : 'Time'} per ${operation}; median of ${base.length} interleaved rounds.`,
    columns: ['attached', 'ratio', 'added', 'takes'],
    rows,
  };
}
