import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BpfObjectSpec, SamplerDefinition } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import { createBpfLoader } from '@rezolus/libbpf';
import { builtInDefinitions } from '../tests/support/samplers.ts';
import { empty } from './src/gen/empty.bpf.ts';
import { formatNs, median, type Table } from './table.ts';

/** Load: a known load of `@rezolus/devkit` and what one operation of it is. */
export interface Load {
  readonly name: string;
  readonly operation: string;
  readonly args: readonly (string | number)[];
  /** It does nothing but run: its CPU time counts, which others on the machine lengthen less than its duration. */
  readonly cpuTime?: boolean;
}

/** Variant: something that is attached while a load runs. */
export interface Variant {
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

/** CgroupFolder: an empty cgroup to make others in. */
class CgroupFolder implements Disposable {
  readonly path = '/sys/fs/cgroup/cpu/rezolus-bench';
  constructor() {
    mkdirSync(this.path, { recursive: true });
  }
  [Symbol.dispose](): void {
    rmdirSync(this.path);
  }
}

/** base: nothing attached. */
export const base: Variant = {
  name: 'base',
  attach: async () => ({ [Symbol.asyncDispose]: async () => {} }),
};

/** variantOf: all programs of one BPF object. */
export function variantOf(name: string, spec: BpfObjectSpec): Variant {
  return {
    name,
    async attach() {
      const object = createBpfLoader().open(spec);
      object.load();
      object.attachAll(Object.keys(spec.programs));
      return { [Symbol.asyncDispose]: async () => object[Symbol.dispose]() };
    },
  };
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
    base,
    variantOf('empty programs', empty),
    ...perPlugin,
    { name: 'all', attach: () => start(definitions) },
  ];
}

/**
 * measureLoad: ns per operation of a load in each round, by the name of the variant. The variants take turns within each
 * round, so that drift of the machine hits all of them.
 */
export async function measureLoad(
  load: Load,
  candidates: readonly Variant[],
  rounds: number,
): Promise<Map<string, number[]>> {
  const samples = new Map<string, number[]>(candidates.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, attach } of rotated(candidates, round)) {
      if (process.stderr.isTTY)
        process.stderr.write(`\r\x1b[2K${load.name}: round ${round + 1} of ${rounds}, ${name}`);
      await using _attached = await attach();
      const report = await runLoad(...load.args);
      samples.get(name)!.push((load.cpuTime === true ? report.cpuUs * 1000 : report.ns) / report.operations);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[2K');
  return samples;
}

/** overhead: what each operation of a load costs more with our programs attached; the median of the rounds counts. */
export async function overhead(quick: boolean): Promise<Table[]> {
  const rounds = quick ? 3 : 7;
  const scale = quick ? 0.25 : 1;
  using loop = new LoopDevice(512);
  using cgroups = new CgroupFolder();
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
    {
      name: '4,000 cgroups, each made, used by a process and removed',
      operation: 'cgroup',
      args: ['cgroups', cgroups.path, 4000 * scale, 50],
    },
  ];
  const candidates = await variants();
  const tables: Table[] = [];
  for (const load of loads) {
    tables.push(tableOf(load, await measureLoad(load, candidates, rounds)));
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
