import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import type { Harness } from '@rezolus/devkit';
import type { Counted } from '../report.ts';

/** Check: runs a small known load and says what the sampler counted of it. */
export type Check = (harness: Harness) => Promise<Counted[]>;

/** Checks: by name of the sampler. */
export type Checks = Readonly<Record<string, Check>>;

/** exactly: a count that nothing but the load can change. */
export function exactly(what: string, counted: number, expected: number): Counted {
  return { what, counted, least: expected, most: expected };
}

/** about: a count that others change by at most `part` of it. */
export function about(what: string, counted: number, expected: number, part: number): Counted {
  return { what, counted, least: expected * (1 - part), most: expected * (1 + part) };
}

/** atLeast: a count to which others add, but not more than twice the load. */
export function atLeast(what: string, counted: number, expected: number): Counted {
  return { what, counted, least: expected, most: expected * 3 };
}

/** growth: by how much each of `reads` grows while `load` runs, and what the load returned. */
export async function growth<Name extends string, Result>(
  harness: Harness,
  reads: Readonly<Record<Name, () => number>>,
  load: () => Promise<Result>,
): Promise<{ grown: Record<Name, number>; result: Result }> {
  const names = Object.keys(reads) as Name[];
  const read = () => Object.fromEntries(names.map((name) => [name, reads[name]()])) as Record<Name, number>;
  await harness.refresh();
  const before = read();
  const result = await load();
  await harness.refresh();
  const after = read();
  for (const name of names) after[name] -= before[name];
  return { grown: after, result };
}

/**
 * growthBeside: as `growth`, for one count that goes on while it is read: beside the kernel's own, which is read before
 * and after each refresh, so that what ours grew by lies between; `slack` more or less is allowed.
 */
export async function growthBeside<Result>(
  harness: Harness,
  what: string,
  { ours, kernel, slack = 0 }: { ours(): number; kernel(): number; slack?: number },
  load: () => Promise<Result>,
): Promise<{ counted: Counted; result: Result }> {
  const read = async () => {
    const before = kernel();
    await harness.refresh();
    return { before, ours: ours(), after: kernel() };
  };
  const first = await read();
  const result = await load();
  const last = await read();
  const counted = {
    what,
    counted: last.ours - first.ours,
    least: last.before - first.after - slack,
    most: last.after - first.before + slack,
  };
  return { counted, result };
}

/** field: the number behind `key` in a file of `key value` lines, 0 where there is none. */
export function field(path: string, key: string): number {
  return Number(new RegExp(`^${key}:?\\s+(\\d+)`, 'm').exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
}

/** snmp: a counter of /proc/net/snmp, which has a line of names and a line of values per protocol. */
export function snmp(protocol: string, counter: string): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith(`${protocol}: `))
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf(counter)]);
}

const unified = '/sys/fs/cgroup';
const legacy = '/cgroup1';

/** useLegacyCgroups: takes the cpu controller from the cgroup2 hierarchy and mounts it as cgroup v1, until the end. */
export async function useLegacyCgroups(): Promise<void> {
  mkdirSync(legacy);
  writeFileSync(`${unified}/cgroup.subtree_control`, '-cpu');
  // The kernel lets go of the last cgroups of the old hierarchy in its own time.
  while (spawnSync('mount', ['-t', 'cgroup', '-o', 'cpu', 'cgroup', legacy]).status !== 0)
    await new Promise((next) => setImmediate(next));
}

/** LoadCgroup: a cgroup of a check's own below the root; what is started in `inside` belongs to it. */
export class LoadCgroup implements Disposable {
  readonly path: string;
  readonly labels: { readonly name: string };
  /** CPU time of this process while it was inside, and for the ways in and out, ns. */
  ownNs = 0;
  readonly #root = existsSync(legacy) ? legacy : unified;

  constructor(name: string) {
    this.path = `${this.#root}/${name}`;
    this.labels = { name: `/${name}` };
    if (this.#root === unified) writeFileSync(`${unified}/cgroup.subtree_control`, '+cpu');
    mkdirSync(this.path);
  }

  /** limit: allows `quota` us of CPU in each period of `period` us. */
  limit(quota: number, period: number): void {
    if (this.#root === unified) {
      writeFileSync(`${this.path}/cpu.max`, `${quota} ${period}`);
    } else {
      writeFileSync(`${this.path}/cpu.cfs_period_us`, String(period));
      writeFileSync(`${this.path}/cpu.cfs_quota_us`, String(quota));
    }
  }

  /** inside: starts a load in the cgroup. This process is in it too until the load has been forked. */
  inside<Result>(load: () => Promise<Result>): Promise<Result> {
    const before = process.cpuUsage();
    writeFileSync(`${this.path}/cgroup.procs`, String(process.pid));
    try {
      return load();
    } finally {
      writeFileSync(`${this.#root}/cgroup.procs`, String(process.pid));
      const { user, system } = process.cpuUsage(before);
      this.ownNs += (user + system) * 1000;
    }
  }

  [Symbol.dispose](): void {
    rmdirSync(this.path);
  }
}

/** sumOrZero: a sum over series that appear with their first event, as those of cgroups do. */
export function sumOrZero(
  harness: Harness,
  metric: string,
  labels: Readonly<Record<string, string>>,
): number {
  const known = harness
    .labels(metric)
    .some((series) => Object.entries(labels).every(([key, value]) => series[key] === value));
  return known ? harness.sum(metric, labels) : 0;
}
