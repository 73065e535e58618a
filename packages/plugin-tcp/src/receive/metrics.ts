import { type GroupDeclaration, withSums } from '@rezolus/core';

const histogram = (group: string, name: string, description: string): GroupDeclaration => ({
  name: group,
  per: 'host',
  metrics: withSums([{ name, kind: 'histogram', unit: 'nanoseconds', description }]),
});

export const srtt = histogram(
  'tcp_receive_srtt',
  'tcp_srtt',
  'Distribution of the smoothed round-trip time of the connection, one value per segment received',
);

export const jitter = histogram(
  'tcp_receive_jitter',
  'tcp_jitter',
  'Distribution of the mean deviation of the round-trip time of the connection, one value per segment received',
);
