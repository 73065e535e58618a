import type { GroupDeclaration } from '@rezolus/core';

/** Order of the metrics = order of the events. */
export const sweep: GroupDeclaration = {
  name: 'cpu_branch_sweep',
  per: 'cpu',
  metrics: [
    {
      name: 'cpu_branch_instructions',
      kind: 'counter',
      description: 'Branch instructions that a CPU retired',
    },
    {
      name: 'cpu_branch_misses',
      kind: 'counter',
      description: 'Branch instructions that were predicted wrongly',
    },
  ],
};
