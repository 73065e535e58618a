import { ABI, defineSampler } from '@rezolus/core';
import { copyPerCpu, cpuMembers } from '@rezolus/libbpf';
import { openSched } from '../sched.ts';
import { cgroupMigrations, endedCgroups, migrations } from './metrics.ts';

/** cpuMigrations: threads that come onto another CPU than the one they ran on last. */
export const cpuMigrations = defineSampler({
  name: 'cpu_migrations',
  abi: ABI,
  description: 'Moves of threads between CPUs, per CPU and per cgroup',
  routes: [
    { route: 'tp_btf/sched_switch, tp_btf/sched_wakeup_new', needs: 'kernel BTF' },
    { route: 'raw_tp/sched_switch, raw_tp/sched_wakeup_new', needs: 'BPF' },
  ],
  groups: [migrations, cgroupMigrations, endedCgroups],
  async create(context) {
    const sched = await openSched(context);
    const perCpu = context.group('cpu_migrations_migrations');
    const cpus = [...Array(context.possibleCpus).keys()];
    perCpu.setMembers(cpuMembers(context.possibleCpus));
    const left = perCpu.counters.subarray(0, cpus.length);
    const came = perCpu.counters.subarray(cpus.length);
    const perCgroup = context.group('cpu_migrations_cgroup');
    const ended = context.group(endedCgroups.name);
    const offsets = [sched.cgroup.migrations.offset];
    const from = sched.object.map('migrations_from');
    return {
      groups: [perCpu, perCgroup, ended],
      refresh() {
        perCpu.beginRead();
        copyPerCpu(left, from, 0, 1, cpus);
        copyPerCpu(came, sched.banks, sched.bank.migrations_to.offset, 1, cpus);
        perCpu.endRead();
        sched.cgroups.refresh();
        sched.cgroups.read(perCgroup, offsets);
        sched.cgroups.readEnded(ended, offsets);
      },
      report: () => sched.report('cpu_migrations'),
    };
  },
});
