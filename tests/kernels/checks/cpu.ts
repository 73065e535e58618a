import { readFileSync, writeFileSync } from 'node:fs';
import { bucketIndex, defaultHistogram } from '@rezolus/core';
import { runLoad } from '@rezolus/devkit';
import {
  about,
  atLeast,
  type Checks,
  exactly,
  field,
  growth,
  growthBeside,
  LoadCgroup,
  sumOrZero,
} from './check.ts';

/** cpuChecks: for the samplers of plugin-cpu. */
export const cpuChecks: Checks = {
  async cpu_bandwidth(harness) {
    using cgroup = new LoadCgroup('bandwidth');
    cgroup.limit(5000, 20_000);
    const stat = () => ({
      periods: field(`${cgroup.path}/cpu.stat`, 'nr_periods'),
      throttled: field(`${cgroup.path}/cpu.stat`, 'nr_throttled'),
    });
    // A cgroup without threads is not met by a pass over all threads: look while the load runs.
    const load = cgroup.inside(() => runLoad('spin', 0, 1000));
    while (stat().throttled < 10) await new Promise((next) => setImmediate(next));
    const least = stat();
    await harness.refresh();
    const most = stat();
    const counted = (metric: string) => harness.sum(`cgroup_cpu_bandwidth_${metric}`, cgroup.labels);
    const result = [
      exactly('quota', counted('quota'), 5_000_000),
      exactly('period', counted('period_duration'), 20_000_000),
      { what: 'periods', counted: counted('periods'), least: least.periods, most: most.periods },
      {
        what: 'throttled periods',
        counted: counted('throttled_periods'),
        least: least.throttled,
        most: most.throttled,
      },
    ];
    await load;
    return result;
  },

  async cpu_cores(harness) {
    await harness.refresh();
    const online = readFileSync('/proc/cpuinfo', 'utf8').match(/^processor/gm)!.length;
    return [exactly('CPUs', harness.sum('cpu_cores'), online)];
  },

  async cpu_hardirq(harness) {
    await harness.refresh();
    const time = harness.sum('hardirq_time');
    const { counted } = await growthBeside(
      harness,
      'interrupts',
      { ours: () => harness.sum('hardirq'), kernel: interrupts },
      // The console of the guest is a serial port, which interrupts.
      async () => {
        for (let line = 0; line < 20; line++) writeFileSync('/dev/console', `interrupt ${line}\n`);
        await runLoad('sleep', 20, 1000);
      },
    );
    return [counted, { what: 'ns', counted: harness.sum('hardirq_time') - time, least: 1, most: 1e10 }];
  },

  async cpu_migrations(harness) {
    using cgroup = new LoadCgroup('migrations');
    const moves = 200;
    const { grown } = await growth(
      harness,
      {
        from: () => harness.sum('cpu_migrations', { direction: 'from' }),
        to: () => harness.sum('cpu_migrations', { direction: 'to' }),
        cgroup: () => sumOrZero(harness, 'cgroup_cpu_migrations', cgroup.labels),
      },
      () => cgroup.inside(() => runLoad('migrate', moves)),
    );
    return [
      about('moves of the cgroup', grown.cgroup, moves, 0.02),
      atLeast('moves away', grown.from, moves),
      exactly('moves away and to', grown.from, grown.to),
    ];
  },

  async cpu_tlb_flush(harness) {
    using cgroup = new LoadCgroup('flushes');
    const flushes = 1000;
    const { grown } = await growth(
      harness,
      {
        host: () => harness.sum('cpu_tlb_flush'),
        cgroup: () => sumOrZero(harness, 'cgroup_cpu_tlb_flush', cgroup.labels),
      },
      () => cgroup.inside(() => runLoad('unmap', flushes)),
    );
    return [atLeast('flushes', grown.host, flushes), atLeast('flushes of the cgroup', grown.cgroup, flushes)];
  },

  async cpu_usage(harness) {
    using cgroup = new LoadCgroup('usage');
    const { grown, result: beside } = await growth(
      harness,
      {
        all: () => sumOrZero(harness, 'cgroup_cpu_usage', cgroup.labels),
        exited: () => sumOrZero(harness, 'cgroup_cpu_usage_exited_tasks', cgroup.labels),
        softirqs: () => harness.sum('softirq'),
        softirqsOfKernel: softirqs,
      },
      () =>
        // Under emulation ticks are lost, so that this is less than the load ran.
        growthBeside(
          harness,
          'ns of the CPU',
          { ours: () => harness.sum('cpu_usage', { id: '0' }), kernel: cpu0 },
          () => cgroup.inside(() => runLoad('spin', 0, 1000)),
        ),
    );
    const { result } = beside;
    const ran = (result.userUs + result.systemUs) * 1000;
    return [
      // This process was inside, too, and its other threads brought along what they ran since the last reading.
      {
        what: 'ns of the cgroup',
        counted: grown.all,
        least: ran * 0.85,
        most: ran * 1.15 + cgroup.ownNs * 2,
      },
      about('ns of the cgroup, exited', grown.exited, ran, 0.15),
      beside.counted,
      about('softirqs', grown.softirqs, grown.softirqsOfKernel, 0.2),
    ];
  },

  async scheduler_runqueue(harness) {
    using cgroup = new LoadCgroup('runqueue');
    const { grown, result } = await growth(
      harness,
      {
        switches: () => harness.sum('scheduler_context_switch') + harness.sum('scheduler_idle_exit'),
        switchesOfKernel: () => field('/proc/stat', 'ctxt'),
        waits: () => harness.entries('scheduler_runqueue_latency'),
        cgroup: () => sumOrZero(harness, 'cgroup_scheduler_context_switch', cgroup.labels),
        waitsOnCpus: () => harness.entries('scheduler_cpu_runqueue_latency'),
        waitsOfCgroup: () => harness.entries('cgroup_scheduler_runqueue_latency', cgroup.labels),
        blocksOfCgroup: () => harness.entries('cgroup_scheduler_offcpu_time', cgroup.labels),
      },
      () => cgroup.inside(() => runLoad('pingpong', 0, 2000)),
    );
    const naps = await growth(
      harness,
      { long: () => above(harness.buckets('scheduler_offcpu'), 20_000_000n) },
      () => runLoad('sleep', 20, 20_000),
    );
    const returns = result.voluntary + result.involuntary;
    return [
      about('switches', grown.switches, grown.switchesOfKernel, 0.02),
      about('switches of the cgroup', grown.cgroup, returns, 0.02),
      { what: 'waits', counted: grown.waits, least: returns * 0.99, most: grown.switches },
      // Read one after the other.
      about('waits by CPU', grown.waitsOnCpus, grown.waits, 0.01),
      about('waits of the cgroup', grown.waitsOfCgroup, returns, 0.02),
      { what: 'blocks of the cgroup', counted: grown.blocksOfCgroup, least: 1, most: returns * 1.02 },
      // Threads of the kernel and of Node sleep as well meanwhile.
      { what: 'naps', counted: naps.grown.long, least: 20, most: 200 },
    ];
  },
};

/** above: entries of a histogram that are at least `value`. */
export function above(buckets: readonly number[], value: bigint): number {
  return buckets.slice(bucketIndex(value, defaultHistogram)).reduce((sum, count) => sum + count, 0);
}

/** Time of CPU 0 but idle, waiting and stolen time, ns. */
function cpu0(): number {
  const ticks = /^cpu0 (.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]!.split(' ').map(Number);
  const [user, nice, system, , , irq, softirq] = ticks as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return (user + nice + system + irq + softirq) * 1e7;
}

/** Interrupts of devices on all CPUs: the numbered lines of /proc/interrupts. */
function interrupts(): number {
  const [header, ...lines] = readFileSync('/proc/interrupts', 'utf8').split('\n');
  const cpus = header!.trim().split(/\s+/).length;
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([name]) => /^\d+:$/.test(name!))
    .flatMap((fields) => fields.slice(1, 1 + cpus))
    .reduce((sum, count) => sum + Number(count), 0);
}

/** Softirqs handled on all CPUs, of all kinds. */
function softirqs(): number {
  const numbers = readFileSync('/proc/softirqs', 'utf8').matchAll(/[:\s](\d+)(?=\s)/g);
  return [...numbers].reduce((sum, [, count]) => sum + Number(count), 0);
}
