import { type GroupDeclaration, withSums } from '@rezolus/core';

const directions = ['receive', 'transmit'] as const;

const bytes = {
  receive: 'Bytes that programs read from TCP connections; looking at them with MSG_PEEK is not reading',
  transmit: 'Bytes that TCP accepted from programs, which may be fewer than they offered',
};

const packets = {
  receive: 'Calls that read from TCP connections, whatever the segments were that brought the data',
  transmit: 'Calls that TCP accepted data from, before it is cut into segments',
};

/** Order of the metrics = order of `bytes` and `packets` of `struct traffic_bank`. */
export const counters: GroupDeclaration = {
  name: 'tcp_traffic_counters',
  per: 'host',
  metrics: [
    ...directions.map(
      (direction) =>
        ({
          name: 'tcp_bytes',
          kind: 'counter',
          unit: 'bytes',
          description: bytes[direction],
          labels: { direction },
        }) as const,
    ),
    ...directions.map(
      (direction) =>
        ({
          name: 'tcp_packets',
          kind: 'counter',
          unit: 'packets',
          description: packets[direction],
          labels: { direction },
        }) as const,
    ),
  ],
};

/** Order of the metrics = order of `sizes` of `struct traffic_bank`. */
export const sizes: GroupDeclaration = {
  name: 'tcp_traffic_sizes',
  per: 'host',
  metrics: withSums(
    directions.map((direction) => ({
      name: 'tcp_size',
      kind: 'histogram',
      unit: 'bytes',
      description: `Distribution of the bytes per call that tcp_packets counts (${direction})`,
      labels: { direction },
    })),
  ),
};
