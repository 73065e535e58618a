import { runLoad } from '@rezolus/devkit';
import { about, type Checks, growth, LoadCgroup, sumOrZero } from './check.ts';
import { above } from './cpu.ts';

const calls = 30_000;

/** syscallChecks: for the samplers of plugin-syscall. */
export const syscallChecks: Checks = {
  async syscall_counts(harness) {
    using cgroup = new LoadCgroup('syscalls');
    const op = { op: 'query' };
    const { grown } = await growth(
      harness,
      {
        host: () => harness.sum('syscall', op),
        cgroup: () => sumOrZero(harness, 'cgroup_syscall', { ...op, ...cgroup.labels }),
      },
      () => cgroup.inside(() => runLoad('syscalls', calls)),
    );
    return [
      about('calls', grown.host, calls, 0.01),
      about('calls of the cgroup', grown.cgroup, calls, 0.002),
    ];
  },

  async syscall_latency(harness) {
    const { grown } = await growth(
      harness,
      { latencies: () => harness.entries('syscall_latency', { op: 'query' }) },
      () => runLoad('syscalls', calls),
    );
    const naps = await growth(
      harness,
      { long: () => above(harness.buckets('syscall_latency', { op: 'sleep' }), 20_000_000n) },
      () => runLoad('sleep', 20, 20_000),
    );
    return [
      about('latencies', grown.latencies, calls, 0.01),
      { what: 'latencies of naps', counted: naps.grown.long, least: 20, most: 25 },
    ];
  },
};
