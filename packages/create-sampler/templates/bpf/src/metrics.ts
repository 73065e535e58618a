import type { GroupDeclaration } from '@rezolus/core';

/** processes: what is read together. The order of the metrics of a kind is the order of their values. */
export const processes: GroupDeclaration = {
  name: 'my_sampler_processes',
  per: 'host',
  metrics: [
    {
      name: 'my_sampler_started',
      kind: 'counter',
      unit: 'programs',
      description: 'Programs started by execve',
    },
    {
      name: 'my_sampler_lifetime',
      kind: 'histogram',
      unit: 'nanoseconds',
      description: 'Distribution of the time from the start of a process to the end of its first thread',
    },
  ],
};
