import { MetricGroup } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import { sweep as branchSweep } from '../src/branch/metrics.ts';
import { type CountedEvent, type EventGroup, everyCpu, PerfCounters } from '../src/perf-events.ts';
import { verdictOf } from '../src/perf-reading.ts';

const events: CountedEvent[] = [
  { name: 'branches', type: 0, config: 4, metric: 0 },
  { name: 'branch-misses', type: 0, config: 5, metric: 1 },
];

/** A group of events as the kernel would read it: what it has counted is set by the test. */
class FakeGroup implements EventGroup {
  readonly fds: readonly number[];
  readable = true;
  timeEnabled = 1n;
  timeRunning = 1n;
  values: bigint[];
  enables = 0;
  closed = false;

  constructor(fd: number, count: number) {
    this.fds = Array.from({ length: count }, (_, index) => fd + index);
    this.values = new Array(count).fill(0n);
  }

  /** Lets time pass, of which the group ran `running`, and sets its counts. */
  run(enabled: bigint, running: bigint, ...values: bigint[]): void {
    this.timeEnabled += enabled;
    this.timeRunning += running;
    if (values.length > 0) this.values = values;
  }

  read = () => this.readable;
  value = (index: number) => this.values[index]!;
  enable(): void {
    this.enables++;
  }
  [Symbol.dispose](): void {
    this.closed = true;
  }
}

function setUp(cpus: number[], counted: readonly (readonly CountedEvent[])[] = [events]) {
  const state = { cpus, opened: new Map<number, FakeGroup[]>(), refused: new Set<number>() };
  let fd = 100;
  const counters = new PerfCounters(2, everyCpu(counted), {
    online: () => state.cpus,
    open(cpu, wanted) {
      if (state.refused.has(cpu)) throw new Error(`no counter on CPU ${cpu}`);
      const group = new FakeGroup(fd, wanted.length);
      fd += wanted.length;
      state.opened.set(cpu, [...(state.opened.get(cpu) ?? []), group]);
      return group;
    },
  });
  const target = new MetricGroup('cpu_branch', branchSweep, 0);
  const group = (cpu: number) => state.opened.get(cpu)!.at(-1)!;
  /** Series by CPU: its counts, null where there is none. */
  const read = () => {
    counters.refresh(target);
    const size = target.members.length;
    return Object.fromEntries(
      target.members.map(({ id }, member) => [
        id,
        [member, size + member].map((slot) =>
          target.countersPresent?.[slot] === 0 ? null : target.counters[slot],
        ),
      ]),
    );
  };
  return { state, counters, target, group, read };
}

describe('verdictOf', () => {
  const times = (timeEnabled: bigint, timeRunning: bigint) => ({ timeEnabled, timeRunning });
  it.each([
    ['counted', times(0n, 0n), times(10n, 10n)],
    ['counted', times(10n, 5n), times(20n, 6n)],
    ['stalled', times(10n, 5n), times(20n, 5n)],
    ['idle', times(0n, 0n), times(10n, 0n)],
    ['idle', times(10n, 0n), times(20n, 0n)],
    ['gone', times(10n, 5n), times(10n, 5n)],
  ])('%s', (verdict, before, now) => {
    expect(verdictOf(before, now)).toBe(verdict);
  });
});

describe('PerfCounters', () => {
  it('publishes what was counted, unscaled, also above 2^53', () => {
    const { group, read, counters, target } = setUp([0, 1]);
    group(0).run(100n, 50n, 7n, 3n);
    group(1).run(100n, 100n, 2n ** 63n + 1n, 4n);
    expect(read()).toEqual({ 0: [7n, 3n], 1: [2n ** 63n + 1n, 4n] });
    expect(counters.missing()).toEqual([]);
    expect(target.window).not.toBeNull();
  });

  it('has no value for a group that never ran, and says so', () => {
    const { group, read, counters } = setUp([0, 1]);
    group(0).run(100n, -1n);
    group(1).run(100n, 100n, 5n, 6n);
    expect(read()).toEqual({ 0: [null, null], 1: [5n, 6n] });
    expect(counters.missing()).toEqual(['CPU 0: branches, branch-misses never ran on the PMU']);
    group(0).run(100n, 100n, 1n, 2n);
    group(1).run(100n, 100n, 5n, 6n);
    expect(read()).toEqual({ 0: [1n, 2n], 1: [5n, 6n] });
    expect(counters.missing()).toEqual([]);
  });

  it('publishes a count that stands still, and says that it does', () => {
    const { group, read, counters } = setUp([0, 1]);
    for (const cpu of [0, 1]) group(cpu).run(100n, 100n, 5n, 6n);
    read();
    for (const cpu of [0, 1]) group(cpu).run(100n, 0n);
    expect(read()).toEqual({ 0: [5n, 6n], 1: [5n, 6n] });
    expect(counters.missing()).toEqual([
      'CPU 0, 1: branches, branch-misses stands still: it was enabled, but did not run',
    ]);
  });

  it('tries again where others hold the counters', () => {
    const { group, read, counters } = setUp([0]);
    group(0).readable = false;
    expect(read()).toEqual({ 0: [null, null] });
    expect(group(0).enables).toBe(1);
    expect(counters.missing()).toEqual([
      'CPU 0: branches, branch-misses cannot have a counter of the PMU: all are in use',
    ]);
    group(0).readable = true;
    group(0).run(10n, 10n, 1n, 1n);
    expect(read()).toEqual({ 0: [1n, 1n] });
  });

  it('goes on counting where it was when a CPU comes back', () => {
    const { state, group, read, counters } = setUp([0, 1]);
    for (const cpu of [0, 1]) group(cpu).run(100n, 100n, 50n, 5n);
    read();
    const before = counters.generation;
    state.cpus = [0];
    group(0).run(100n, 100n, 60n, 6n);
    expect(read()).toEqual({ 0: [60n, 6n] });
    expect(group(1).closed).toBe(true);
    expect(counters.generation).toBeGreaterThan(before);
    state.cpus = [0, 1];
    counters.refresh(new MetricGroup('cpu_branch', branchSweep, 0));
    group(0).run(100n, 100n, 60n, 6n);
    group(1).run(10n, 10n, 2n, 1n);
    expect(read()).toEqual({ 0: [60n, 6n], 1: [52n, 6n] });
  });

  it('opens events anew that died with a CPU that is already back', () => {
    const { state, group, read } = setUp([0]);
    group(0).run(100n, 100n, 50n, 5n);
    read();
    expect(read()).toEqual({ 0: [50n, 5n] });
    expect(group(0).closed).toBe(true);
    // Opened by the next refresh; what it counts comes on top.
    state.opened.clear();
    expect(read()).toEqual({ 0: [50n, 5n] });
    expect(state.opened.get(0)).toHaveLength(1);
    group(0).run(10n, 10n, 3n, 1n);
    expect(read()).toEqual({ 0: [53n, 6n] });
  });

  it('adds up what several groups count of one metric', () => {
    const slice = (n: number) => events.map((event) => ({ ...event, name: `cha_${n}/${event.name}` }));
    const { state, read } = setUp([0], [slice(0), slice(1)]);
    const [first, second] = state.opened.get(0)!;
    first!.run(10n, 10n, 5n, 1n);
    second!.run(10n, 10n, 7n, 2n);
    expect(read()).toEqual({ 0: [12n, 3n] });
    first!.run(10n, 10n, 6n, 1n);
    second!.run(10n, 0n);
    second!.timeRunning = 0n;
    expect(read()).toEqual({ 0: [null, null] });
  });

  it('does with the CPUs that can count, and names the others', () => {
    const { state, group, read, counters } = setUp([0]);
    state.refused.add(1);
    state.cpus = [0, 1];
    group(0).run(10n, 10n, 1n, 1n);
    expect(read()).toEqual({ 0: [1n, 1n] });
    expect(counters.missing()).toEqual(['no counter on CPU 1']);
  });

  it('throws where no CPU can count, and leaves nothing open', () => {
    const opened: FakeGroup[] = [];
    const open = () => {
      if (opened.length % 2 === 1) throw new Error('no second group');
      opened.push(new FakeGroup(3, 2));
      return opened.at(-1)!;
    };
    const counted = everyCpu([events, events]);
    expect(() => new PerfCounters(2, counted, { online: () => [0], open })).toThrow('no second group');
    expect(opened.map(({ closed }) => closed)).toEqual([true]);
    expect(() => new PerfCounters(2, counted, { online: () => [], open })).toThrow('no CPU');
  });

  it('hands out its files and closes them', () => {
    const { group, counters } = setUp([4]);
    expect([...counters.opened()]).toEqual([
      { cpu: 4, metric: 0, fd: 100 },
      { cpu: 4, metric: 1, fd: 101 },
    ]);
    counters[Symbol.dispose]();
    expect(group(4).closed).toBe(true);
  });
});
