import { ABI, defineSampler } from '@rezolus/core';
import { copyPerCpu, cpuMembers } from '@rezolus/libbpf';
import { openSched } from '../sched.ts';
import { cgroupMigrations, migrations } from './metrics.ts';

/** cpuMigrations: threads that come onto another CPU than the one they ran on last. */
export const cpuMigrations = defineSampler({
  name: 'cpu_migrations',
  abi: ABI,
  description: 'Moves of threads between CPUs, per CPU and per cgroup',
  groups: [migrations, cgroupMigrations],
  async create(context) {
    const sched = await openSched(context);
    const perCpu = context.group('cpu_migrations_migrations');
    perCpu.setMembers(cpuMembers(context.possibleCpus));
    const perCgroup = context.group('cpu_migrations_cgroup');
    const from = sched.object.map('migrations_from');
    return {
      groups: [perCpu, perCgroup],
      refresh() {
        perCpu.beginRead();
        copyPerCpu(perCpu.counters, 0, from, 0);
        copyPerCpu(perCpu.counters, 1, sched.banks, sched.bank.migrations_to.offset);
        perCpu.endRead();
        sched.cgroups.refresh();
        sched.cgroups.read(perCgroup, [sched.cgroup.migrations.offset]);
      },
      report: () => sched.report('cpu_migrations'),
    };
  },
});
