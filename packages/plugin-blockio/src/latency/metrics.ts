import { type GroupDeclaration, withSums } from '@rezolus/core';
import { ops } from '../ops.ts';

export const latencies: GroupDeclaration = {
  name: 'blockio_latency_latencies',
  per: 'host',
  metrics: withSums(
    ops.map((op) => ({
      name: 'blockio_latency',
      kind: 'histogram',
      unit: 'nanoseconds',
      description:
        'Distribution of the service time of block I/O: from the time a request was given to the device to its end',
      labels: { op },
    })),
  ),
};

/** queuedOps: what goes through the queue: flushes are given to the device by the flush machinery. */
export const queuedOps = ops.filter((op) => op !== 'flush');

export const queueLatencies: GroupDeclaration = {
  name: 'blockio_latency_queue',
  per: 'host',
  metrics: withSums(
    queuedOps.map((op) => ({
      name: 'blockio_queue_latency',
      kind: 'histogram',
      unit: 'nanoseconds',
      description:
        'Distribution of the time block I/O requests waited in the queue or scheduler before they were given to the ' +
        'device; requests that bypass the queue, as most do without a scheduler, are not in it',
      labels: { op },
    })),
  ),
};

export const deviceLatencies: GroupDeclaration = {
  name: 'blockio_latency_devices',
  per: 'device',
  metrics: ops.map((op) => ({
    name: 'blockio_device_latency',
    kind: 'histogram',
    unit: 'nanoseconds',
    description: 'blockio_latency of one disk, its partitions included',
    labels: { op },
  })),
};
