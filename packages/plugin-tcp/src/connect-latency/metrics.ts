import { type GroupDeclaration, withSums } from '@rezolus/core';

export const latency: GroupDeclaration = {
  name: 'tcp_connect_latency_latency',
  per: 'host',
  metrics: withSums([
    {
      name: 'tcp_connect_latency',
      kind: 'histogram',
      unit: 'nanoseconds',
      description:
        'Distribution of the time from the first SYN to the established connection, of connections that this host opens; refused and timed-out ones are not counted',
    },
  ]),
};
