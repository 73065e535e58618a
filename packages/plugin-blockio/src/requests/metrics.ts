import { type GroupDeclaration, type MetricDeclaration, withSums } from '@rezolus/core';
import { ops } from '../ops.ts';

/** errorClasses: in the order of their slots in the kernel (`enum` in requests.bpf.h). */
export const errorClasses = [
  'io',
  'timeout',
  'nospc',
  'target',
  'protection',
  'unsupported',
  'other',
] as const;

const perOp = (metric: Omit<MetricDeclaration, 'labels'>): MetricDeclaration[] =>
  ops.map((op) => ({ ...metric, labels: { op } }));

export const counters: GroupDeclaration = {
  name: 'blockio_requests_counters',
  per: 'host',
  metrics: [
    ...perOp({
      name: 'blockio_operations',
      kind: 'counter',
      unit: 'operations',
      description:
        'Block I/O requests that devices have ended, with or without success. Appends to zones are writes; write ' +
        'zeroes, secure erase, zone management and private commands of drivers are left out. A flush counts once, as ' +
        'a flush; /sys/block/*/stat counts the empty write that asked for it as well',
    }),
    ...perOp({
      name: 'blockio_bytes',
      kind: 'counter',
      unit: 'bytes',
      description: 'Bytes of the block I/O requests that devices have ended',
    }),
  ],
};

export const sizes: GroupDeclaration = {
  name: 'blockio_requests_sizes',
  per: 'host',
  metrics: withSums(
    perOp({
      name: 'blockio_size',
      kind: 'histogram',
      unit: 'bytes',
      description:
        'Distribution of the size of block I/O; a request that a device ended in parts is several entries',
    }),
  ),
};

export const errors: GroupDeclaration = {
  name: 'blockio_requests_errors',
  per: 'host',
  metrics: ops.flatMap((op) =>
    errorClasses.map((error) => ({
      name: 'blockio_errors',
      kind: 'counter' as const,
      unit: 'operations',
      description: 'Block I/O requests that failed, by class of the error',
      labels: { op, error },
    })),
  ),
};

export const requeues: GroupDeclaration = {
  name: 'blockio_requests_requeues',
  per: 'host',
  metrics: perOp({
    name: 'blockio_requeues',
    kind: 'counter',
    unit: 'operations',
    description: 'Block I/O requests that were put back because the device could not take or finish them',
  }),
};

/** Order of the metrics = order of the fields of `struct device_row` from `operations` on. */
export const deviceCounters: GroupDeclaration = {
  name: 'blockio_requests_devices',
  per: 'device',
  metrics: [
    ...perOp({
      name: 'blockio_device_operations',
      kind: 'counter',
      unit: 'operations',
      description: 'blockio_operations of one disk, its partitions included',
    }),
    ...perOp({
      name: 'blockio_device_bytes',
      kind: 'counter',
      unit: 'bytes',
      description: 'blockio_bytes of one disk, its partitions included',
    }),
    ...perOp({
      name: 'blockio_device_errors',
      kind: 'counter',
      unit: 'operations',
      description: 'Block I/O requests of one disk that failed, its partitions included',
    }),
  ],
};
