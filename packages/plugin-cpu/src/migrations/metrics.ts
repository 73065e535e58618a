import type { GroupDeclaration } from '@rezolus/core';

export const migrations: GroupDeclaration = {
  name: 'cpu_migrations_migrations',
  per: 'cpu',
  metrics: [
    {
      name: 'cpu_migrations',
      kind: 'counter',
      description: 'Threads that left this CPU for another one',
      labels: { direction: 'from' },
    },
    {
      name: 'cpu_migrations',
      kind: 'counter',
      description: 'Threads that came to this CPU from another one',
      labels: { direction: 'to' },
    },
  ],
};

export const cgroupMigrations: GroupDeclaration = {
  name: 'cpu_migrations_cgroup',
  per: 'cgroup',
  metrics: [
    {
      name: 'cgroup_cpu_migrations',
      kind: 'counter',
      description: 'Moves of the threads of a cgroup from one CPU to another',
    },
  ],
};

/** What cgroup_cpu_migrations loses when a cgroup is removed, so that totals still add up. */
export const endedCgroups: GroupDeclaration = {
  name: 'cpu_migrations_ended_cgroups',
  per: 'host',
  metrics: [
    {
      name: 'cgroup_cpu_migrations_ended_cgroups',
      kind: 'counter',
      description: 'Moves of the threads of cgroups that were removed from one CPU to another',
    },
  ],
};
