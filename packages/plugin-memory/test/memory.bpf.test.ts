import { readFileSync } from 'node:fs';
import { Harness } from '@rezolus/devkit';
import { describe, expect, it } from 'vitest';
import { memoryMeminfo, memoryVmstat } from '../src/index.ts';

const meminfo = (key: string) =>
  Number(new RegExp(`^${key}: +(\\d+) kB$`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))![1]) * 1024;

describe('memory samplers against this kernel', () => {
  it('say what /proc/meminfo says', async () => {
    await using harness = await Harness.start([memoryMeminfo]);
    await harness.refresh();
    expect(harness.sum('memory_total')).toBe(meminfo('MemTotal'));
    expect(Math.abs(harness.sum('memory_free') / meminfo('MemFree') - 1)).toBeLessThan(0.05);
    expect(Math.abs(harness.sum('memory_available') / meminfo('MemAvailable') - 1)).toBeLessThan(0.05);
    expect(Math.abs(harness.sum('memory_cached') - meminfo('Cached'))).toBeLessThan(64 * 1024 * 1024);
  });

  it('count NUMA placement as /proc/vmstat does, where the kernel has it', async (context) => {
    await using harness = await Harness.start([memoryVmstat]);
    const status = harness.status('memory_vmstat');
    if (status.health === 'unsupported') return context.skip(status.error);
    await harness.refresh();
    const before = Number(/^numa_hit (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))![1]);
    await harness.refresh();
    expect(harness.sum('memory_numa_hit')).toBeGreaterThanOrEqual(before);
  });
});
