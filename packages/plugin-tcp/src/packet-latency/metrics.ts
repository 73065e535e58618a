import { type GroupDeclaration, withSums } from '@rezolus/core';

export const latency: GroupDeclaration = {
  name: 'tcp_packet_latency_latency',
  per: 'host',
  metrics: withSums([
    {
      name: 'tcp_packet_latency',
      kind: 'histogram',
      unit: 'nanoseconds',
      description:
        'Distribution of the time that received data waits for the program: from the first segment that nobody has read to the read that takes it',
    },
  ]),
};
