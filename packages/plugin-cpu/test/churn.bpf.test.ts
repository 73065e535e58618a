import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bucketIndex, defaultHistogram } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import { maxCgroups } from '@rezolus/libbpf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuMigrations, cpuTlbFlush, cpuUsage, schedulerRunqueue } from '../src/index.ts';

const root = '/sys/fs/cgroup/cpu';
const prefix = `rezolus-churn-${process.pid}`;
const switches = 'context_switch';
/** What an ended cgroup counted stays in `…_ended_cgroups`. */
const kept = [
  `cgroup_scheduler_${switches}`,
  'cgroup_scheduler_runqueue_wait',
  'cgroup_scheduler_offcpu',
  'cgroup_cpu_usage',
  'cgroup_cpu_migrations',
  'cgroup_cpu_tlb_flush',
];
const perCgroup = ['cgroup_cpu_usage', 'cgroup_cpu_migrations', 'cgroup_scheduler_offcpu_time'];

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** TestCgroups: cgroups of a test's own below the root. */
class TestCgroups implements Disposable {
  readonly #names: readonly string[];

  constructor(...names: readonly string[]) {
    this.#names = names;
    for (const name of names) mkdirSync(`${root}/${name}`);
  }

  [Symbol.dispose](): void {
    for (const name of this.#names) rmdirSync(`${root}/${name}`);
  }
}

/** inside: starts a load in a cgroup; this process is in it until the load has been forked. */
function inside<Result>(cgroup: string, load: () => Promise<Result>): Promise<Result> {
  const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^\d+:cpu:(.*)$/m)![1]!;
  writeFileSync(`${root}/${cgroup}/cgroup.procs`, String(process.pid));
  try {
    return load();
  } finally {
    writeFileSync(`${root}${own}/cgroup.procs`, String(process.pid));
  }
}

/** What this process holds on to, bytes; what V8 keeps for later is not of interest. */
function retained(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe('cgroups and tasks that come and go', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start([cpuMigrations, cpuTlbFlush, cpuUsage, schedulerRunqueue]);
  });
  afterAll(() => harness[Symbol.asyncDispose]());

  const known = (metric: string, name: string) =>
    harness.labels(metric).some((labels) => labels.name === name);
  const switched = () => ({
    host: harness.sum(`scheduler_${switches}`),
    cgroups: harness.sum(`cgroup_scheduler_${switches}`),
    ended: harness.sum(`cgroup_scheduler_${switches}_ended_cgroups`),
    unattributed: harness.status('scheduler_runqueue').drops!.cgroups_beyond_table!,
  });
  const used = () => ({
    live: harness.sum('task_cpu_usage'),
    exited: harness.sum('cpu_usage_exited_tasks'),
    cgroups: harness.sum('cgroup_cpu_usage'),
    ended: harness.sum('cgroup_cpu_usage_ended_cgroups'),
  });
  const mapBytes = () =>
    ['cpu_usage', 'scheduler_runqueue'].map((sampler) => harness.status(sampler).map_bytes);

  it('ends the series of a cgroup with the cgroup, and keeps what it counted', async () => {
    const name = `/${prefix}-ended`;
    const totals = (which: (metric: string) => number) =>
      Object.fromEntries(kept.map((metric) => [metric, which(metric)]));
    let counted: Record<string, number>;
    let before: Record<string, number>;
    {
      using _cgroups = new TestCgroups(`${prefix}-ended`);
      await inside(`${prefix}-ended`, () => runLoad('sleep', 200, 100));
      await inside(`${prefix}-ended`, () => runLoad('migrate', 50));
      await inside(`${prefix}-ended`, () => runLoad('unmap', 200));
      await harness.refresh();
      counted = totals((metric) => harness.sum(metric, { name }));
      expect(counted[`cgroup_scheduler_${switches}`]).toBeGreaterThanOrEqual(200);
      expect(counted.cgroup_cpu_migrations).toBeGreaterThanOrEqual(50);
      expect(harness.entries('cgroup_scheduler_offcpu_time', { name })).toBeGreaterThanOrEqual(200);
      for (const metric of perCgroup) expect(known(metric, name)).toBe(true);
      before = totals((metric) => harness.sum(`${metric}_ended_cgroups`));
    }
    await harness.refresh();
    for (const metric of perCgroup) expect(known(metric, name)).toBe(false);
    for (const metric of kept)
      expect(harness.sum(`${metric}_ended_cgroups`) - before[metric]!).toBeGreaterThanOrEqual(
        counted[metric]!,
      );
  });

  it('adds up after 5,000 cgroups, and lets nothing of them stay', async () => {
    using _cgroups = new TestCgroups(`${prefix}`);
    // Once around, so that everything is as large as it gets.
    await runLoad('cgroups', `${root}/${prefix}`, 250, 250);
    await harness.refresh();
    const before = {
      ...switched(),
      bytes: mapBytes(),
      memory: retained(),
      series: harness.labels('cgroup_cpu_usage').length,
    };
    let most = 0;
    const load = runLoad('cgroups', `${root}/${prefix}`, 5000, 250).finally(() => (most = -most));
    while (most >= 0) {
      await harness.refresh();
      most = Math.max(most, harness.labels(`cgroup_scheduler_${switches}`).length);
      await new Promise((next) => setTimeout(next, 100));
    }
    await load;
    await harness.refresh();
    const after = switched();
    const host = after.host - before.host;
    expect(host).toBeGreaterThan(5000 * 4);
    expect(after.unattributed).toBe(before.unattributed);
    expect((after.cgroups + after.ended - before.cgroups - before.ended) / host).toBeCloseTo(1, 3);
    // Each napped three times and exited.
    expect(after.ended - before.ended).toBeGreaterThanOrEqual(5000 * 4);
    const { live, exited, cgroups, ended } = used();
    expect((live + exited) / (cgroups + ended)).toBeCloseTo(1, 2);
    expect(-most).toBeGreaterThan(before.series);
    expect(harness.labels('cgroup_cpu_usage').length).toBeLessThanOrEqual(before.series + 1);
    expect(mapBytes()).toEqual(before.bytes);
    expect(retained() - before.memory).toBeLessThan(6e6);
  });

  it('counts what it does not attribute of 4,400 cgroups at once, more than the table has', async () => {
    using _cgroups = new TestCgroups(`${prefix}-many`);
    await harness.refresh();
    const before = switched();
    await runLoad('cgroups', `${root}/${prefix}-many`, 4400, 4400);
    await harness.refresh();
    const after = switched();
    const unattributed = after.unattributed - before.unattributed;
    const missing = after.host - before.host - (after.cgroups + after.ended - before.cgroups - before.ended);
    // Of each beyond the table: four switches away, three back; all of these are counted, those back only there.
    expect(missing).toBeGreaterThanOrEqual((4400 - maxCgroups) * 4);
    expect(unattributed).toBeGreaterThanOrEqual(((missing * 7) / 4) * 0.99);
    expect(unattributed).toBeLessThanOrEqual(missing * 2);
    expect(harness.status('scheduler_runqueue').drops!.cgroups_beyond_histograms).toBeGreaterThan(0);
  });

  it('adds up after 50,000 short tasks', async () => {
    await harness.refresh();
    const before = { ...switched(), ...used(), bytes: mapBytes(), memory: retained() };
    const loads = await Promise.all([runLoad('forks', 25_000), runLoad('forks', 25_000)]);
    await harness.refresh();
    const after = { ...switched(), ...used() };
    expect(loads.every(({ operations }) => operations === 25_000)).toBe(true);
    const host = after.host - before.host;
    expect(host).toBeGreaterThan(50_000);
    const attributed = after.cgroups + after.ended - before.cgroups - before.ended;
    const ran = after.live + after.exited - before.live - before.exited;
    // What ran in cgroups beyond the table, in the test before, is not attributed; of this load all is.
    expect(Math.abs(ran / attributed - 1)).toBeLessThan(0.01);
    expect(attributed).toBeGreaterThan(0);
    expect(after.exited - before.exited).toBeGreaterThan(50_000 * 20_000);
    expect(harness.status('scheduler_runqueue').drops).toMatchObject({ tasks_beyond_table: 0 });
    expect(harness.labels('task_cpu_usage').length).toBeLessThan(2000);
    expect(mapBytes()).toEqual(before.bytes);
    expect(retained() - before.memory).toBeLessThan(6e6);
  });

  it('attributes a task that moves to both of its cgroups', async () => {
    const [from, to] = [`${prefix}-from`, `${prefix}-to`];
    using _cgroups = new TestCgroups(from!, to!);
    await harness.refresh();
    const load = await runLoad('moves', `${root}/${from}`, `${root}/${to}`, 300);
    await harness.refresh();
    const ran = (load.userUs + load.systemUs) * 1000;
    const parts = [from, to].map((name) => harness.sum('cgroup_cpu_usage', { name: `/${name}` }));
    for (const part of parts) expect(part).toBeGreaterThan(ran * 0.25);
    expect((parts[0]! + parts[1]!) / ran).toBeCloseTo(1, 1);
    for (const name of [from, to])
      expect(harness.sum(`cgroup_scheduler_${switches}`, { name: `/${name}` })).toBeGreaterThan(0);
  });

  it('gives a thread nothing of a dead one that had its id', async () => {
    const name = `${prefix}-reuse`;
    using _cgroups = new TestCgroups(name);
    await inside(name, () => runLoad('reuse', 6, 200));
    await harness.refresh();
    const above = (metric: string, ns: bigint) =>
      harness
        .buckets(metric, { name: `/${name}` })
        .slice(bucketIndex(ns, defaultHistogram))
        .reduce((sum, count) => sum + count, 0);
    // A child waits for its first CPU and exits: nobody in this cgroup ever sleeps for long.
    expect(harness.entries('cgroup_scheduler_runqueue_latency', { name: `/${name}` })).toBeGreaterThanOrEqual(
      6,
    );
    expect(above('cgroup_scheduler_offcpu_time', 180_000_000n)).toBe(0);
  });
});
