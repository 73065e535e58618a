import type { GroupDeclaration } from '@rezolus/core';

/** A machine has either the first or the two others; order = `metric` of the events of `dtlbEvents`. */
export const sweep: GroupDeclaration = {
  name: 'cpu_dtlb_sweep',
  per: 'cpu',
  metrics: [
    {
      name: 'cpu_dtlb_miss',
      kind: 'counter',
      description:
        'Accesses that missed the first level data TLB, loads and stores together (AMD: L1 misses; Arm: L1 refills)',
    },
    {
      name: 'cpu_dtlb_miss',
      kind: 'counter',
      description: 'Loads that missed every level of the data TLB and caused a page walk',
      labels: { op: 'load' },
    },
    {
      name: 'cpu_dtlb_miss',
      kind: 'counter',
      description: 'Stores that missed every level of the data TLB and caused a page walk',
      labels: { op: 'store' },
    },
  ],
};
