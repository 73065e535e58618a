import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { Harness, runLoad } from '@rezolus/devkit';
import { describe, expect, it } from 'vitest';
import { cpuBandwidth, cpuTlbFlush } from '../src/index.ts';

/** cpu.stat of a cgroup. */
function stat(path: string): Record<string, number> {
  return Object.fromEntries(
    readFileSync(`${path}/cpu.stat`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [key, value] = line.split(' ') as [string, string];
        return [key, Number(value)];
      }),
  );
}

describe('cpu_bandwidth against this kernel', () => {
  it('shows quota and throttling of a cgroup as cgroupfs does, also where its threads are far below it', async () => {
    const root = '/sys/fs/cgroup/cpu';
    const parent = `${root}/rezolus-test-bandwidth-${process.pid}`;
    const name = { name: parent.slice(root.length) };
    const levels = Array.from({ length: 13 }, (_, depth) => parent + '/inner'.repeat(depth));
    const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^\d+:cpu:(.*)$/m)![1]!;
    for (const level of levels) mkdirSync(level);
    let load: Promise<unknown> | undefined;
    try {
      writeFileSync(`${parent}/cpu.cfs_period_us`, '20000');
      writeFileSync(`${parent}/cpu.cfs_quota_us`, '5000');
      await using harness = await Harness.start([cpuBandwidth]);
      writeFileSync(`${levels.at(-1)}/cgroup.procs`, String(process.pid));
      load = runLoad('spin', 0, 2000);
      writeFileSync(`${root}${own}/cgroup.procs`, String(process.pid));
      // Let it run into its quota a few times before the first look.
      while (stat(parent).nr_throttled! < 10) await new Promise((resolve) => setImmediate(resolve));
      const before = stat(parent);
      await harness.refresh();
      const after = stat(parent);
      const ours = (metric: string) => harness.sum(`cgroup_cpu_${metric}`, name);
      expect(ours('bandwidth_quota')).toBe(5_000_000);
      expect(ours('bandwidth_period_duration')).toBe(20_000_000);
      for (const [metric, key] of [
        ['bandwidth_periods', 'nr_periods'],
        ['bandwidth_throttled_periods', 'nr_throttled'],
        ['throttled', 'nr_throttled'],
        ['bandwidth_throttled_time', 'throttled_time'],
        ['throttled_time', 'throttled_time'],
      ] as const) {
        expect(ours(metric)).toBeGreaterThanOrEqual(before[key]!);
        expect(ours(metric)).toBeLessThanOrEqual(after[key]!);
      }
      expect(harness.labels('cgroup_cpu_bandwidth_quota').map((labels) => labels.name)).not.toContain('/');
      await load;
      writeFileSync(`${parent}/cpu.cfs_quota_us`, '-1');
      await harness.refresh();
      expect(harness.status('cpu_bandwidth')).toMatchObject({
        health: 'healthy',
        drops: { cgroups_beyond_table: 0 },
      });
    } finally {
      await load;
      for (const level of levels.reverse()) rmdirSync(level);
    }
  });
});

describe('cpu_tlb_flush against this kernel', () => {
  it('counts flushes of pages that are unmapped', async (context) => {
    await using harness = await Harness.start([cpuTlbFlush]);
    const status = harness.status('cpu_tlb_flush');
    if (status.health === 'unsupported') return context.skip(status.error);
    await harness.refresh();
    const before = harness.sum('cpu_tlb_flush');
    const ofCgroups = () =>
      harness.labels('cgroup_cpu_tlb_flush').length === 0 ? 0 : harness.sum('cgroup_cpu_tlb_flush');
    const beforeOfCgroups = ofCgroups();
    const flushes = 5000;
    await runLoad('unmap', flushes);
    await harness.refresh();
    expect(harness.sum('cpu_tlb_flush') - before).toBeGreaterThanOrEqual(flushes);
    expect(ofCgroups() - beforeOfCgroups).toBeGreaterThanOrEqual(flushes);
  });
});
