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
  it('shows quota and throttling of a cgroup as cgroupfs does, also where only its parent has the quota', async () => {
    const parent = '/sys/fs/cgroup/cpu/rezolus-test-bandwidth';
    const child = `${parent}/inner`;
    const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^\d+:cpu:(.*)$/m)![1]!;
    mkdirSync(child, { recursive: true });
    try {
      writeFileSync(`${parent}/cpu.cfs_period_us`, '20000');
      writeFileSync(`${parent}/cpu.cfs_quota_us`, '5000');
      await using harness = await Harness.start([cpuBandwidth]);
      writeFileSync(`${child}/cgroup.procs`, String(process.pid));
      const load = runLoad('spin', 0, 2000);
      writeFileSync(`/sys/fs/cgroup/cpu${own}/cgroup.procs`, String(process.pid));
      // Let it run into its quota a few times before the first look.
      while (stat(parent).nr_throttled! < 10) await new Promise((resolve) => setImmediate(resolve));
      await harness.refresh();
      const name = { name: '/rezolus-test-bandwidth' };
      expect(harness.sum('cgroup_cpu_bandwidth_quota', name)).toBe(5_000_000);
      expect(harness.sum('cgroup_cpu_bandwidth_period_duration', name)).toBe(20_000_000);
      const kernel = stat(parent);
      const throttled = harness.sum('cgroup_cpu_bandwidth_throttled_periods', name);
      expect(Math.abs(throttled - kernel.nr_throttled!)).toBeLessThanOrEqual(1);
      expect(
        Math.abs(harness.sum('cgroup_cpu_bandwidth_periods', name) - kernel.nr_periods!),
      ).toBeLessThanOrEqual(1);
      expect(harness.sum('cgroup_cpu_throttled', name)).toBe(throttled);
      // One period more or less between the two looks.
      expect(Math.abs(harness.sum('cgroup_cpu_throttled_time', name) - kernel.throttled_time!)).toBeLessThan(
        4e7,
      );
      expect(harness.labels('cgroup_cpu_bandwidth_quota').map((labels) => labels.name)).not.toContain('/');
      await load;
      writeFileSync(`${parent}/cpu.cfs_quota_us`, '-1');
      await harness.refresh();
      expect(harness.status('cpu_bandwidth')).toMatchObject({ health: 'healthy' });
    } finally {
      rmdirSync(child);
      rmdirSync(parent);
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
    const inRoot = harness.sum('cgroup_cpu_tlb_flush', { id: '1' });
    const flushes = 5000;
    await runLoad('unmap', flushes);
    await harness.refresh();
    expect(harness.sum('cpu_tlb_flush') - before).toBeGreaterThanOrEqual(flushes);
    expect(harness.sum('cgroup_cpu_tlb_flush', { id: '1' }) - inRoot).toBeGreaterThanOrEqual(flushes);
  });
});
