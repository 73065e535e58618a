import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { Harness, runLoad } from '@rezolus/devkit';
import { perfType } from '@rezolus/libbpf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuBranch, cpuDtlb, cpuFrequency, cpuL3, cpuPerf, schedulerRunqueue } from '../src/index.ts';
import { defineCpuPerf } from '../src/perf/sampler.ts';

// Counted by the kernel itself, so that the whole way can be tried where there is no PMU: PERF_COUNT_SW_CPU_CLOCK
// (ns that a CPU is on, in place of cycles) and _CONTEXT_SWITCHES (in place of instructions).
const software = [
  { name: 'cpu-clock', type: perfType.software, config: 0, metric: 0 },
  { name: 'context-switches', type: perfType.software, config: 3, metric: 1 },
];

const hasPmu = readdirSync('/sys/bus/event_source/devices').some((name) => /^(cpu|armv8)/.test(name));
const clockMs = 10;

/** CPU time of all CPUs but idle and waiting, ns, by /proc/stat. */
function busy(): number {
  const [user, nice, system, , , irq, softirq] = readFileSync('/proc/stat', 'utf8')
    .split('\n')[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number) as number[];
  return (user! + nice! + system! + irq! + softirq!) * clockMs * 1e6;
}

describe.each([
  { route: 'tp_btf', without: [] },
  { route: 'raw_tp', without: ['tp_btf'] },
])('cpu_perf on software events by $route', ({ route, without }) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start([defineCpuPerf(software), schedulerRunqueue], { without });
  });
  afterAll(() => harness[Symbol.asyncDispose]());

  it('is healthy and says its route', () => {
    expect(harness.status('cpu_perf')).toMatchObject({ state: 'active', health: 'healthy' });
    expect(harness.status('cpu_perf').route).toBe(
      `perf_event_open cpu-clock, context-switches; cgroups: ${route}/sched_switch`,
    );
  });

  it('counts on every CPU as long as it is on', async () => {
    // When the counters themselves were read, by their window.
    const readAt = () =>
      harness.groups().find(({ name }) => name === 'cpu_perf/cpu_perf_sweep')!.window!.beginNs;
    await harness.refresh();
    const began = readAt();
    const before = harness.labels('cpu_cycles').map(({ id }) => harness.sum('cpu_cycles', { id: id! }));
    await runLoad('spin', 0, 200);
    await harness.refresh();
    const elapsed = Number(readAt() - began);
    for (const [cpu, { id }] of harness.labels('cpu_cycles').entries()) {
      const counted = harness.sum('cpu_cycles', { id: id! }) - before[cpu]!;
      expect(counted / elapsed).toBeGreaterThan(0.9);
      expect(counted / elapsed).toBeLessThan(1.1);
    }
  });

  it('gives a cgroup what its threads use, and no other', async () => {
    const path = '/sys/fs/cgroup/cpu/rezolus-test-perf';
    const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^\d+:cpu:(.*)$/m)![1]!;
    mkdirSync(path, { recursive: true });
    try {
      writeFileSync(`${path}/cgroup.procs`, String(process.pid));
      const running = runLoad('spin', 1, 500);
      writeFileSync(`/sys/fs/cgroup/cpu${own}/cgroup.procs`, String(process.pid));
      const load = await running;
      await harness.refresh();
      const name = { name: '/rezolus-test-perf' };
      const used = (load.userUs + load.systemUs) * 1000;
      expect(used).toBeGreaterThan(1e8);
      // More than getrusage: the vitest process was in the cgroup for a moment, and interrupts count.
      expect(harness.sum('cgroup_cpu_cycles', name) / used).toBeGreaterThan(0.98);
      expect(harness.sum('cgroup_cpu_cycles', name) / used).toBeLessThan(1.15);
    } finally {
      rmdirSync(path);
    }
  });

  it('gives all cgroups together what /proc/stat says is used, without the idle task', async () => {
    await harness.refresh();
    const before = { ours: harness.sum('cgroup_cpu_cycles'), kernel: busy() };
    await Promise.all([runLoad('spin', 0, 1000), runLoad('spin', 1, 300)]);
    await harness.refresh();
    const kernel = busy() - before.kernel;
    const ours = harness.sum('cgroup_cpu_cycles') - before.ours;
    expect(ours / kernel).toBeGreaterThan(0.85);
    expect(ours / kernel).toBeLessThan(1.15);
  });

  it('gives a cgroup the second counter, too', async () => {
    await harness.refresh();
    const before = harness.sum('cgroup_cpu_instructions');
    const load = await runLoad('pingpong', 0, 20_000);
    await harness.refresh();
    // A switch is counted before the program on it runs: each one away from a thread is that thread's.
    const counted = harness.sum('cgroup_cpu_instructions') - before;
    expect(counted).toBeGreaterThanOrEqual((load.voluntary + load.involuntary) * 0.99);
  });

  it('loses nothing', () => {
    expect(harness.status('cpu_perf').drops).toEqual({
      tasks_beyond_table: 0,
      unread_counters: 0,
      cgroups_beyond_table: 0,
    });
  });
});

describe('a counter that cannot be read', () => {
  it('is no count, but is counted as one that was not read', async () => {
    // No second event: its map stays empty, and the kernel answers -ENOENT at every switch.
    await using harness = await Harness.start([defineCpuPerf(software.slice(0, 1))]);
    await runLoad('pingpong', 0, 1000);
    await harness.refresh();
    expect(harness.sum('cgroup_cpu_cycles')).toBeGreaterThan(0);
    expect(harness.sum('cgroup_cpu_instructions')).toBe(0);
    expect(harness.status('cpu_perf').drops!.unread_counters).toBeGreaterThan(2000);
  });
});

describe.skipIf(hasPmu)('the samplers of a PMU on a machine without one', () => {
  it('are unsupported, with a sentence each, and the scheduler samplers do not mind', async () => {
    const samplers = [cpuBranch, cpuDtlb, cpuFrequency, cpuL3, cpuPerf];
    await using harness = await Harness.start([...samplers, schedulerRunqueue]);
    for (const { name } of samplers) {
      expect(harness.status(name), name).toMatchObject({
        state: 'disabled',
        health: 'unsupported',
        code: 'REZ_ERR_UNSUPPORTED',
        error: expect.stringMatching(/\w+ \w+ \w+/),
      });
    }
    expect(harness.status('scheduler_runqueue')).toMatchObject({ state: 'active', health: 'healthy' });
    await harness.refresh();
    expect(harness.labels('cgroup_cpu_cycles')).toEqual([]);
  });
});
