import type { GroupDeclaration } from '@rezolus/core';

const domain =
  'by all CPUs that share it. One series per cache, under the id of the first of its CPUs, so that a sum is right';

/** Order of the metrics = `metric` of the events of `l3Events`. */
export const sweep: GroupDeclaration = {
  name: 'cpu_l3_sweep',
  per: 'cpu',
  metrics: [
    { name: 'cpu_l3_access', kind: 'counter', description: `Requests to a level 3 cache ${domain}` },
    { name: 'cpu_l3_miss', kind: 'counter', description: `Requests that a level 3 cache missed, ${domain}` },
  ],
};
