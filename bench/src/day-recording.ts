import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { bucketCount, bucketIndex, defaultHistogram } from '@rezolus/core/histogram';
import { RecordingWriter } from '@rezolus/recording';
import { root } from '../../tests/support/rezolus.ts';

/** DayShape: rows at 1 s, CPUs with ten `cpu_usage` states each, other scalars and histograms. */
export interface DayShape {
  readonly rows: number;
  readonly cpus: number;
  readonly others: number;
  readonly histograms: number;
}

/** fullDay: 24 h of 1,000 series: 240 cpu_usage, 756 other counters and gauges, 4 histograms. */
export const fullDay: DayShape = { rows: 86_400, cpus: 24, others: 756, histograms: 4 };

const states = [
  'user',
  'nice',
  'system',
  'idle',
  'iowait',
  'irq',
  'softirq',
  'steal',
  'guest',
  'guest_nice',
] as const;
const startNs = 1_760_000_000n * 1_000_000_000n;

/** Xorshift32: uniform doubles in [0, 1), the same ones every time. */
function generator(): () => number {
  let state = 0x9e37_79b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * dayRecording: the path of a recording of that shape, made when it is not there yet. Counters grow by random amounts
 * that follow the hours, row times jitter by a millisecond, histograms take some thousand log-normal observations a second.
 */
export async function dayRecording(shape: DayShape): Promise<string> {
  const folder = join(root, '.cache/bench');
  const name = `day-1-${shape.rows}-${shape.cpus}-${shape.others}-${shape.histograms}.parquet`;
  const path = join(folder, name);
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  mkdirSync(folder, { recursive: true });
  const temporary = `${path}.part`;
  rmSync(temporary, { force: true });
  const file = await open(temporary, 'w');
  try {
    const sink = {
      async write(parts: readonly Uint8Array[]) {
        await file.writev([...parts]);
      },
    };
    await write(new RecordingWriter(sink, { createdBy: 'rezolus bench' }), shape);
  } finally {
    await file.close();
  }
  renameSync(temporary, path);
  return path;
}

async function write(writer: RecordingWriter, { rows, cpus, others, histograms }: DayShape): Promise<void> {
  const random = generator();
  const counters: { column: number; perRow: number; total: number }[] = [];
  const counter = (name: string, metadata: Record<string, string>, perRow: number) => {
    const column = writer.addColumn({
      name,
      kind: 'counter',
      metadata: { metric_type: 'counter', ...metadata },
    });
    counters.push({ column, perRow, total: Math.floor(random() * 2 ** 48) });
  };
  for (let cpu = 0; cpu < cpus; cpu++)
    for (const state of states)
      counter(
        `cpu_usage/${cpu}/${state}`,
        { metric: 'cpu_usage', unit: 'nanoseconds', id: String(cpu), state },
        1e8,
      );
  for (let i = 0; i < others; i++)
    counter(`softirq/${i}`, { metric: `counter_${i % 50}`, id: String(i) }, 10 ** (i % 6));
  const { groupingPower, maxValuePower } = defaultHistogram;
  const powers = { grouping_power: String(groupingPower), max_value_power: String(maxValuePower) };
  const distributions = Array.from({ length: histograms }, (_, i) => ({
    column: writer.addColumn({
      name: `syscall_latency/${i}:buckets`,
      kind: 'histogram',
      metadata: {
        metric_type: 'histogram',
        metric: 'syscall_latency',
        unit: 'nanoseconds',
        op: `op${i}`,
        ...powers,
      },
    }),
    buckets: new BigUint64Array(bucketCount(defaultHistogram)),
  }));
  for (let row = 0; row < rows; row++) {
    const load = 1 + 0.8 * Math.sin((row / 86_400) * 2 * Math.PI);
    writer.startRow(startNs + BigInt(row) * 1_000_000_000n + BigInt(Math.floor(random() * 1e6)), 1_000_000n);
    for (const each of counters) {
      each.total += Math.floor(each.perRow * load * random());
      writer.scalar(each.column, each.total, Math.floor(each.total / 2 ** 32));
    }
    for (const { column, buckets } of distributions) {
      // A log-normal by the sum of three uniforms; each draw stands for some observations of like latency.
      for (let draw = 0; draw < 40; draw++) {
        const spread = random() + random() + random() - 1.5;
        buckets[bucketIndex(BigInt(Math.floor(2000 * Math.exp(2 * spread))), defaultHistogram)]! += BigInt(
          1 + Math.floor(load * 50 * random()),
        );
      }
      writer.histogram(column, buckets);
    }
    await writer.endRow();
  }
  await writer.finish(
    new Map([
      ['sampling_interval_ms', '1000'],
      ['source', 'rezolus'],
    ]),
  );
}
