import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Harness, runLoad } from '@rezolus/devkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuHardirq } from '../src/index.ts';

/** Interrupts of devices by CPU since boot: the numbered lines of /proc/interrupts. */
function interrupts(): number[] {
  const [header, ...lines] = readFileSync('/proc/interrupts', 'utf8').split('\n');
  const cpus = header!.trim().split(/\s+/).length;
  const totals = new Array<number>(cpus).fill(0);
  for (const line of lines) {
    const [name, ...counts] = line.trim().split(/\s+/);
    if (!/^\d+:$/.test(name!)) continue;
    for (let cpu = 0; cpu < cpus; cpu++) totals[cpu] = totals[cpu]! + Number(counts[cpu]);
  }
  return totals;
}

describe('cpu_hardirq against this kernel', () => {
  // Not /tmp, which may be in memory.
  const folder = mkdtempSync('/var/tmp/rezolus-hardirq-');
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start([cpuHardirq]);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await harness[Symbol.asyncDispose]();
  });

  it('counts on each CPU what /proc/interrupts counts while a disk is written to, and its time', async () => {
    const file = join(folder, 'file');
    const writes = 500;
    writeFileSync(file, Buffer.alloc(writes * 4096));
    const ours = (metric: string, cpu: number) => harness.sum(metric, { id: String(cpu) });
    await harness.refresh();
    const cpus = interrupts().keys();
    const first = [...cpus].map((cpu) => ({ count: ours('hardirq', cpu), time: ours('hardirq_time', cpu) }));
    const kernelFirst = interrupts();
    const load = await runLoad('write', file, writes, 4096);
    await harness.refresh();
    const kernel = interrupts().map((count, cpu) => count - kernelFirst[cpu]!);
    const grown = first.map(({ count, time }, cpu) => ({
      count: ours('hardirq', cpu) - count,
      time: ours('hardirq_time', cpu) - time,
    }));
    expect(kernel.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(50);
    let time = 0;
    for (const [cpu, counted] of grown.entries()) {
      expect(Math.abs(counted.count - kernel[cpu]!)).toBeLessThanOrEqual(Math.max(5, kernel[cpu]! * 0.02));
      time += counted.time;
    }
    // A handler takes a few hundred nanoseconds at least, and CPUs do other things as well.
    expect(time).toBeGreaterThan(50 * 100);
    expect(time).toBeLessThan(load.ns);
  });

  it('is healthy and says its route', () => {
    expect(harness.status('cpu_hardirq')).toMatchObject({
      state: 'active',
      health: 'healthy',
      route: 'tp_btf/irq_handler_entry, tp_btf/irq_handler_exit',
    });
  });

  it('also counts by raw tracepoints', async () => {
    await using raw = await Harness.start([cpuHardirq], { without: ['tp_btf'] });
    expect(raw.status('cpu_hardirq').route).toContain('raw_tp/irq_handler_exit');
    const before = interrupts();
    await runLoad('write', join(folder, 'file'), 200, 4096);
    await raw.refresh();
    const kernel = interrupts().reduce((sum, count, cpu) => sum + count - before[cpu]!, 0);
    expect(Math.abs(raw.sum('hardirq') - kernel)).toBeLessThanOrEqual(Math.max(10, kernel * 0.05));
  });
});
