import { ABI, defineSampler, type Member } from '@rezolus/core';
import { openUsage } from '../usage.ts';
import { counters, limits } from './metrics.ts';

const unlimited = 0xffff_ffff_ffff_ffffn;

/** cpuBandwidth: quota and throttling of every cgroup that has, or had, a CPU quota. */
export const cpuBandwidth = defineSampler({
  name: 'cpu_bandwidth',
  abi: ABI,
  description: 'CPU quota of cgroups and how often and how long it throttled them',
  routes: [
    { route: 'iter/task, reading cfs_bandwidth of each cgroup', needs: 'kernel BTF, CONFIG_CFS_BANDWIDTH' },
  ],
  groups: [limits, ...counters.map(({ group }) => group)],
  async create(context) {
    const usage = await openUsage(context);
    const { u64, stride } = usage.object.map('bandwidths');
    const fields = usage.structs.bandwidth_row.fields;
    const read = (id: number, field: keyof typeof fields) => u64[(id * stride + fields[field].offset) >>> 3]!;
    const main = context.group(limits.name);
    const groups = counters.map(({ group, field }) => ({ group: context.group(group.name), field }));
    // Cgroups that had a quota once stay: their counters do not end because the quota was lifted.
    let limited = new Set<string>();
    let members: readonly Member[] = [];
    return {
      groups: [main, ...groups.map(({ group }) => group)],
      refresh(tick) {
        usage.pass(tick);
        const present = usage.cgroups.members.filter(({ id, labels }) => {
          if (read(id, 'session') === 0n) return false;
          return (
            limited.has(`${id}${labels.name}`) || read(id, 'quota') !== unlimited || read(id, 'periods') > 0n
          );
        });
        if (present.length !== members.length || present.some((member, index) => member !== members[index])) {
          members = present;
          limited = new Set(present.map(({ id, labels }) => `${id}${labels.name}`));
          for (const group of [main, ...groups.map(({ group }) => group)]) group.setMembers(members);
        }
        for (const [index, { id }] of members.entries()) {
          main.gauges[index] = BigInt.asIntN(64, read(id, 'quota'));
          main.gauges[members.length + index] = BigInt.asIntN(64, read(id, 'period'));
        }
        for (const { group, field } of groups) {
          group.beginRead();
          for (const [index, { id }] of members.entries()) group.counters[index] = read(id, field);
          group.endRead();
        }
      },
      report: () => usage.report('cpu_bandwidth'),
    };
  },
});
