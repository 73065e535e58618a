import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { Harness, runLoad } from '@rezolus/devkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cpuUsage } from '../src/index.ts';

const tick = 1e7;

/** user + nice and system + irq + softirq of a CPU in ns, by /proc/stat. */
function procStat(cpu: number): { user: number; system: number } {
  const line = new RegExp(`^cpu${cpu} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))![1]!;
  const [user, nice, system, , , irq, softirq] = line.split(' ').map(Number) as number[];
  return { user: (user! + nice!) * tick, system: (system! + irq! + softirq!) * tick };
}

/** Softirqs handled on all CPUs, of all kinds. */
function softirqs(): number {
  const numbers = readFileSync('/proc/softirqs', 'utf8').matchAll(/[:\s](\d+)(?=\s)/g);
  return [...numbers].reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('cpu_usage against this kernel', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start([cpuUsage]);
  });
  afterAll(() => harness[Symbol.asyncDispose]());

  it('is healthy and says its route', () => {
    expect(harness.status('cpu_usage')).toMatchObject({ state: 'active', health: 'healthy' });
    expect(harness.status('cpu_usage').route).toContain('iter/task');
  });

  it('agrees with /proc/stat within 3 % over 10 s of a busy loop on one CPU', async () => {
    await harness.refresh();
    const read = () => ({
      user: harness.sum('cpu_usage', { id: '0', state: 'user' }),
      system: harness.sum('cpu_usage', { id: '0', state: 'system' }),
    });
    const before = { ours: read(), kernel: procStat(0) };
    await runLoad('spin', 0, 10_000);
    await harness.refresh();
    const after = { ours: read(), kernel: procStat(0) };
    const user = after.ours.user - before.ours.user;
    const kernelUser = after.kernel.user - before.kernel.user;
    expect(user).toBeGreaterThan(4e9);
    expect(Math.abs(user / kernelUser - 1)).toBeLessThan(0.03);
    const all = user + after.ours.system - before.ours.system;
    const kernelAll = kernelUser + after.kernel.system - before.kernel.system;
    expect(Math.abs(all / kernelAll - 1)).toBeLessThan(0.03);
  });

  it('accounts for the run time of a task that has exited, in its cgroup and in exited', async () => {
    await harness.refresh();
    const read = () => ({
      cgroup: harness.sum('cgroup_cpu_usage', { id: '1' }),
      exited: harness.sum('cgroup_cpu_usage_exited_tasks', { id: '1' }),
      exitedOnCpu: harness.sum('cpu_usage_exited_tasks'),
    });
    const before = read();
    const load = await runLoad('spin', 0, 1000);
    await harness.refresh();
    const after = read();
    const ran = (load.userUs + load.systemUs) * 1000;
    expect(after.exited - before.exited).toBeGreaterThan(ran * 0.97);
    expect(after.exitedOnCpu - before.exitedOnCpu).toBe(after.exited - before.exited);
    expect(after.cgroup - before.cgroup).toBeGreaterThan(ran * 0.97);
  });

  it('adds up: live threads and exited ones are what the cgroups used', async () => {
    await runLoad('syscalls', 200_000);
    await harness.refresh();
    const live = harness.sum('task_cpu_usage');
    const exited = harness.sum('cpu_usage_exited_tasks');
    const cgroups = harness.sum('cgroup_cpu_usage');
    expect(Math.abs((live + exited) / cgroups - 1)).toBeLessThan(0.01);
  });

  it('splits user and system as getrusage does', async () => {
    const path = '/sys/fs/cgroup/cpu/rezolus-test-usage';
    mkdirSync(path);
    try {
      await harness.refresh();
      const own = readFileSync('/proc/self/cgroup', 'utf8').match(/^\d+:cpu:(.*)$/m)![1]!;
      writeFileSync(`${path}/cgroup.procs`, String(process.pid));
      const load = await runLoad('syscalls', 1_500_000).finally(() =>
        writeFileSync(`/sys/fs/cgroup/cpu${own}/cgroup.procs`, String(process.pid)),
      );
      await harness.refresh();
      const name = '/rezolus-test-usage';
      const user = harness.sum('cgroup_cpu_usage', { name, state: 'user' });
      const system = harness.sum('cgroup_cpu_usage', { name, state: 'system' });
      const total = (load.userUs + load.systemUs) * 1000;
      expect(user + system).toBeGreaterThan(total * 0.95);
      // The split comes from ticks of 4 ms, so it is only as good as those are many.
      expect(Math.abs(user / (user + system) - load.userUs / (load.userUs + load.systemUs))).toBeLessThan(
        0.1,
      );
    } finally {
      rmdirSync(path);
    }
  });

  it('lists this process as a thread with its identity', async () => {
    await harness.refresh();
    const labels = harness.labels('task_cpu_usage').find(({ pid }) => pid === String(process.pid));
    expect(labels).toMatchObject({ tgid: String(process.pid), cgroup: '/', metric: 'task_cpu_usage' });
    expect(labels!.comm).toBe(readFileSync('/proc/self/comm', 'utf8').trim());
  });

  it('counts softirqs as /proc/softirqs does, and their time', async () => {
    await harness.refresh();
    const before = { ours: harness.sum('softirq'), time: harness.sum('softirq_time'), kernel: softirqs() };
    const load = await runLoad('spin', 0, 1000);
    await harness.refresh();
    const ours = harness.sum('softirq') - before.ours;
    const kernel = softirqs() - before.kernel;
    expect(kernel).toBeGreaterThan(50);
    expect(Math.abs(ours - kernel)).toBeLessThanOrEqual(Math.max(5, kernel * 0.02));
    const time = harness.sum('softirq_time') - before.time;
    expect(time).toBeGreaterThan(0);
    expect(time).toBeLessThan(load.ns);
  });
});
