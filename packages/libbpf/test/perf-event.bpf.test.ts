import { readdirSync, readFileSync } from 'node:fs';
import { parseCpuList, UnsupportedError } from '@rezolus/core';
import { runLoad } from '@rezolus/devkit';
import { afterEach, describe, expect, it } from 'vitest';
import { PerfGroup, perfType } from '../src/index.ts';

// enum perf_sw_ids of include/uapi/linux/perf_event.h.
const cpuClock = { name: 'cpu-clock', type: perfType.software, config: 0 };
const contextSwitches = { name: 'context-switches', type: perfType.software, config: 3 };
const cycles = { name: 'cycles', type: perfType.hardware, config: 0 };

const openFiles = () => readdirSync('/proc/self/fd').length;
const online = () => parseCpuList(readFileSync('/sys/devices/system/cpu/online', 'utf8'));

function switchesOfKernel(): number {
  return Number(/^ctxt (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))![1]);
}

describe('PerfGroup against this kernel', () => {
  afterEach(() => process.seteuid!(0));

  it('counts the context switches that /proc/stat counts', async () => {
    using stack = new DisposableStack();
    const groups = online().map((cpu) => stack.use(PerfGroup.open(cpu, [cpuClock, contextSwitches])));
    const total = () =>
      groups.reduce((sum, group) => {
        expect(group.read()).toBe(true);
        return sum + Number(group.value(1));
      }, 0);
    const before = { ours: total(), kernel: switchesOfKernel() };
    await runLoad('pingpong', 0, 20_000);
    const kernel = switchesOfKernel() - before.kernel;
    const ours = total() - before.ours;
    expect(kernel).toBeGreaterThan(40_000);
    expect(ours / kernel).toBeGreaterThan(0.99);
    expect(ours / kernel).toBeLessThan(1.01);
  });

  it('has a clock that runs as long as the group', () => {
    using group = PerfGroup.open(online()[0]!, [cpuClock]);
    const began = process.hrtime.bigint();
    group.read();
    const enabled = group.timeEnabled;
    while (process.hrtime.bigint() - began < 20_000_000n);
    group.read();
    const elapsed = Number(process.hrtime.bigint() - began);
    expect(group.timeRunning).toBe(group.timeEnabled);
    expect(Number(group.timeEnabled - enabled) / elapsed).toBeGreaterThan(0.9);
    expect(Number(group.timeEnabled - enabled) / elapsed).toBeLessThan(1.1);
    expect(Math.abs(Number(group.value(0)) / Number(group.timeEnabled) - 1)).toBeLessThan(0.05);
  });

  it('closes every file, also where a member cannot be opened', () => {
    const files = openFiles();
    const group = PerfGroup.open(0, [cpuClock, contextSwitches]);
    expect(openFiles()).toBe(files + 2);
    group[Symbol.dispose]();
    group[Symbol.dispose]();
    expect(openFiles()).toBe(files);
    expect(() => PerfGroup.open(0, [cpuClock, { ...contextSwitches, config: 999 }])).toThrow(/on CPU 0/);
    expect(openFiles()).toBe(files);
  });

  it('says what the machine does not have', (context) => {
    if (readdirSync('/sys/bus/event_source/devices').some((name) => name.startsWith('cpu'))) {
      return context.skip('this machine has a PMU');
    }
    expect(() => PerfGroup.open(0, [cycles])).toThrow(UnsupportedError);
    expect(() => PerfGroup.open(0, [cycles])).toThrow('this machine has no PMU that counts cycles');
  });

  it('names the sysctl where it is not allowed', (context) => {
    if (process.geteuid!() !== 0) return context.skip('only root can give its rights up');
    process.seteuid!(65_534);
    expect(() => PerfGroup.open(0, [cpuClock])).toThrow(
      expect.objectContaining({
        code: 'REZ_ERR_PERF_PERMISSION',
        message: expect.stringContaining('perf_event_paranoid'),
      }),
    );
  });
});
