import { writeFileSync } from 'node:fs';
import { bucketCount, bucketIndex, defaultHistogram } from '@rezolus/core';
import { RecordingWriter } from '@rezolus/recording';

/** slowDisk: what {@link writeSlowDisk} records: of `seconds`, `disk` is slow from `from` to `to`. Latencies in ns. */
export const slowDisk = {
  disks: ['sda', 'sdb', 'sdc'],
  disk: 'sdb',
  seconds: 300,
  from: 120,
  to: 180,
  usual: 400_000n,
  slow: 80_000_000n,
} as const;

const start = 1_770_000_000_000;
const perSecond = 100;

/** writeSlowDisk: a recording at `path` of three disks that all do 100 reads/s, one of which is slow for a minute. */
export async function writeSlowDisk(path: string): Promise<void> {
  const parts: Uint8Array[] = [];
  const sink = {
    write: async (some: readonly Uint8Array[]) => void parts.push(...some.map((part) => part.slice())),
  };
  const writer = new RecordingWriter(sink, { createdBy: 'test' });
  const { groupingPower, maxValuePower } = defaultHistogram;
  const powers = { grouping_power: String(groupingPower), max_value_power: String(maxValuePower) };
  const columns = slowDisk.disks.map((device) => {
    const labels = { device, op: 'read' };
    const name = (metric: string) => `${metric}/${device}`;
    return {
      device,
      buckets: new BigUint64Array(bucketCount(defaultHistogram)),
      latency: writer.addColumn({
        name: `${name('blockio_device_latency')}:buckets`,
        kind: 'histogram',
        metadata: {
          metric: 'blockio_device_latency',
          metric_type: 'histogram',
          unit: 'nanoseconds',
          ...powers,
          ...labels,
        },
      }),
      operations: writer.addColumn({
        name: name('blockio_device_operations'),
        kind: 'counter',
        metadata: { metric: 'blockio_device_operations', metric_type: 'counter', ...labels },
      }),
      bytes: writer.addColumn({
        name: name('blockio_device_bytes'),
        kind: 'counter',
        metadata: { metric: 'blockio_device_bytes', metric_type: 'counter', unit: 'bytes', ...labels },
      }),
    };
  });
  for (let second = 0; second < slowDisk.seconds; second++) {
    writer.startRow(BigInt(start + second * 1000) * 1_000_000n, null);
    for (const { device, buckets, latency, operations, bytes } of columns) {
      const isSlow = device === slowDisk.disk && second >= slowDisk.from && second < slowDisk.to;
      const bucket = bucketIndex(isSlow ? slowDisk.slow : slowDisk.usual, defaultHistogram);
      buckets[bucket] = buckets[bucket]! + BigInt(perSecond);
      writer.histogram(latency, buckets);
      writer.scalar(operations, second * perSecond, 0);
      writer.scalar(bytes, second * perSecond * 4096, 0);
    }
    await writer.endRow();
  }
  await writer.finish(
    new Map([
      ['source', 'rezolus'],
      ['sampling_interval_ms', '1000'],
    ]),
  );
  writeFileSync(path, Buffer.concat(parts));
}
