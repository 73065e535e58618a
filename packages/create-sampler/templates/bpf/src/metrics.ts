import { type GroupDeclaration, withSums } from '@rezolus/core';

/** counters: what is read together. The order of the metrics of a kind is the order of their values. */
export const counters: GroupDeclaration = {
  name: 'my_sampler_counters',
  per: 'host',
  metrics: [
    {
      name: 'my_sampler_started',
      kind: 'counter',
      unit: 'programs',
      description: 'Programs started by execve',
    },
  ],
};

/** lifetimes: histograms, each with a counter of the sum of its values. */
export const lifetimes: GroupDeclaration = {
  name: 'my_sampler_lifetimes',
  per: 'host',
  metrics: withSums([
    {
      name: 'my_sampler_lifetime',
      kind: 'histogram',
      unit: 'nanoseconds',
      description: 'Distribution of the time from the start of a process to the end of its first thread',
    },
  ]),
};
