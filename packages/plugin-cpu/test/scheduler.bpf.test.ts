import { readFileSync } from 'node:fs';
import { bucketIndex, defaultHistogram } from '@rezolus/core';
import { Harness, runLoad } from '@rezolus/devkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuMigrations, schedulerRunqueue } from '../src/index.ts';

/** Context switches since boot, by the kernel's own count. */
function contextSwitches(): number {
  return Number(/^ctxt (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]);
}

describe('scheduler samplers against this kernel', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start([cpuMigrations, schedulerRunqueue]);
  });
  afterAll(() => harness[Symbol.asyncDispose]());

  it('are healthy and say their route', () => {
    for (const name of ['cpu_migrations', 'scheduler_runqueue']) {
      const status = harness.status(name);
      expect(status).toMatchObject({ state: 'active', health: 'healthy' });
      expect(status.route).toContain('sched_switch');
    }
  });

  it('count every context switch that /proc/stat counts', async () => {
    const total = () => harness.sum('scheduler_context_switch') + harness.sum('scheduler_idle_exit');
    await harness.refresh();
    const before = { ours: total(), kernel: contextSwitches() };
    await runLoad('pingpong', 0, 20_000);
    await harness.refresh();
    const ours = total() - before.ours;
    const kernel = contextSwitches() - before.kernel;
    expect(kernel).toBeGreaterThan(40_000);
    expect(ours / kernel).toBeGreaterThan(0.99);
    expect(ours / kernel).toBeLessThan(1.01);
  });

  it('have one latency entry per wake-up and preemption of a ping-pong', async () => {
    const switched = () => harness.sum('scheduler_context_switch');
    await harness.refresh();
    const before = { entries: harness.entries('scheduler_runqueue_latency'), switched: switched() };
    const load = await runLoad('pingpong', 0, 50_000);
    await harness.refresh();
    const entries = harness.entries('scheduler_runqueue_latency') - before.entries;
    // By its own account (getrusage) each of the two blocked or was preempted so often, and came back each time.
    const returns = load.voluntary + load.involuntary;
    expect(returns).toBeGreaterThan(50_000);
    expect(entries).toBeGreaterThan(returns * 0.999);
    // Each wait ends with a switch to a thread, which is left by one: nothing is counted twice.
    expect(entries).toBeLessThan((switched() - before.switched) * 1.01);
  });

  it('put a nap into off-CPU time and a spin into running time', async () => {
    await harness.refresh();
    const before = { off: harness.buckets('scheduler_offcpu'), run: harness.buckets('scheduler_running') };
    const naps = 50;
    await Promise.all([runLoad('sleep', naps, 20_000), runLoad('spin', 0, 300)]);
    await harness.refresh();
    const off = harness.buckets('scheduler_offcpu').map((count, i) => count - before.off[i]!);
    const napped = off.slice(
      bucketIndex(20_000_000n, defaultHistogram),
      bucketIndex(200_000_000n, defaultHistogram),
    );
    expect(napped.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(naps);
    const ran = harness.buckets('scheduler_running').map((count, i) => count - before.run[i]!);
    expect(ran.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  });

  it('count migrations of a thread that is moved, on both CPUs and in its cgroup', async () => {
    await harness.refresh();
    const before = {
      from: harness.sum('cpu_migrations', { direction: 'from' }),
      to: harness.sum('cpu_migrations', { direction: 'to' }),
      cgroup: harness.sum('cgroup_cpu_migrations'),
    };
    const moves = 2000;
    await runLoad('migrate', moves);
    await harness.refresh();
    const from = harness.sum('cpu_migrations', { direction: 'from' }) - before.from;
    const to = harness.sum('cpu_migrations', { direction: 'to' }) - before.to;
    expect(from).toBeGreaterThanOrEqual(moves * 0.99);
    expect(from).toBeLessThan(moves * 1.5);
    expect(to).toBe(from);
    expect(harness.sum('cgroup_cpu_migrations') - before.cgroup).toBe(from);
  });

  it('attribute wait and switches to the cgroup of the thread', async () => {
    await harness.refresh();
    const root = { id: '1' };
    const before = harness.sum('cgroup_scheduler_context_switch', root);
    const load = await runLoad('pingpong', 0, 5000);
    await harness.refresh();
    const counted = harness.sum('cgroup_scheduler_context_switch', root) - before;
    expect(counted).toBeGreaterThanOrEqual(load.voluntary + load.involuntary);
    expect(harness.labels('cgroup_scheduler_context_switch')).toContainEqual(
      expect.objectContaining({ id: '1', name: '/' }),
    );
  });

  it('split the runqueue latency by CPU, and a cgroup has its own', async () => {
    await harness.refresh();
    const read = () => ({
      host: harness.entries('scheduler_runqueue_latency'),
      there: harness.entries('scheduler_cpu_runqueue_latency', { id: '1' }),
      cpus: harness.entries('scheduler_cpu_runqueue_latency'),
      cgroup: harness.entries('cgroup_scheduler_runqueue_latency', { id: '1' }),
    });
    const before = read();
    const load = await runLoad('pingpong', '1', 10_000);
    await harness.refresh();
    const after = read();
    const returns = load.voluntary + load.involuntary;
    expect(after.there - before.there).toBeGreaterThan(returns * 0.999);
    expect((after.cpus - before.cpus) / (after.host - before.host)).toBeCloseTo(1, 2);
    expect(after.cgroup - before.cgroup).toBeGreaterThan(returns * 0.999);
  });

  it('show host-wide histograms alone where the others are switched off', async () => {
    await using plain = await Harness.start([cpuMigrations, schedulerRunqueue], {
      options: { scheduler_runqueue: { per_cpu: false, cgroup_histograms: 0 } },
    });
    await runLoad('pingpong', '0', 1000);
    await plain.refresh();
    expect(plain.entries('scheduler_runqueue_latency')).toBeGreaterThan(1000);
    for (const metric of ['scheduler_cpu_runqueue_latency', 'cgroup_scheduler_runqueue_latency'])
      expect(plain.labels(metric)).toEqual([]);
    expect(plain.status('cpu_migrations').map_bytes ?? 0).toBe(0);
    const { map_bytes } = plain.status('scheduler_runqueue');
    expect(harness.status('scheduler_runqueue').map_bytes! - map_bytes!).toBeGreaterThan(255 * 7900);
  });

  it('also count by raw tracepoints', async () => {
    await using raw = await Harness.start([cpuMigrations, schedulerRunqueue], { without: ['tp_btf'] });
    expect(raw.status('scheduler_runqueue')).toMatchObject({ state: 'active', health: 'healthy' });
    expect(raw.status('scheduler_runqueue').route).toContain('raw_tp/sched_switch');
    const load = await runLoad('pingpong', '0', 5000);
    await raw.refresh();
    const returns = load.voluntary + load.involuntary;
    expect(raw.entries('scheduler_runqueue_latency')).toBeGreaterThan(returns * 0.99);
    expect(raw.entries('cgroup_scheduler_runqueue_latency', { id: '1' })).toBeGreaterThan(returns * 0.99);
  });

  it('lose nothing', () => {
    expect(harness.status('scheduler_runqueue').drops).toEqual({
      tasks_beyond_table: 0,
      cgroups_beyond_histograms: 0,
      cgroup_histograms_raced: 0,
      cgroups_beyond_table: 0,
    });
  });
});
