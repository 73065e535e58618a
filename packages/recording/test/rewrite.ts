import { bucketCount } from '@rezolus/core/histogram';
import type { ColumnSpec } from '../src/parquet/layout.ts';
import type { RowSink } from '../src/parquet/row-sink.ts';
import { RecordingWriter, type Sink, type WriterOptions } from '../src/parquet/writer.ts';
import type { Recording } from '../src/reader/recording.ts';

/** memorySink: a sink that keeps what is written. */
export function memorySink(): Sink & { bytes(): Buffer } {
  const parts: Uint8Array[] = [];
  return { write: async (more) => void parts.push(...more), bytes: () => Buffer.concat(parts) };
}

/** rewrite: the rows of a recording through the writer. */
export async function rewrite(recording: Recording, sink: Sink, options: WriterOptions): Promise<void> {
  const writer = new RecordingWriter(sink, options);
  await copyRows(recording, writer);
  await writer.finish(recording.metadata);
}

/** copyRows: the rows of a recording, cell by cell. */
export async function copyRows(recording: Recording, writer: RowSink): Promise<void> {
  const series = recording.columns.filter(({ kind }) => !['timestamp', 'duration', 'other'].includes(kind));
  const handles = series.map(({ name, kind, metadata, float }) =>
    writer.addColumn({ name, kind, metadata, float } as ColumnSpec),
  );
  const duration = recording.columns.find(({ kind }) => kind === 'duration');
  for (const { index, rows } of recording.rowGroups) {
    const timestamps = await recording.readTimestamps(index);
    const durations = duration === undefined ? [] : await recording.read([duration.index], index);
    const data = await recording.read(
      series.map((column) => column.index),
      index,
    );
    const dense = series.map(({ histogram }) => new BigUint64Array(histogram ? bucketCount(histogram) : 0));
    for (let row = 0; row < rows; row++) {
      const known = durations[0]?.kind === 'unsigned' && (durations[0].valid?.[row] ?? 1) === 1;
      writer.startRow(
        timestamps[row]!,
        known ? (durations[0] as { values: BigUint64Array }).values[row]! : null,
      );
      for (const [i, column] of data.entries()) {
        if (column.valid !== null && column.valid[row] === 0) continue;
        if (column.kind === 'histogram') {
          dense[i]!.fill(0n);
          for (let e = column.starts[row]!; e < column.starts[row + 1]!; e++) {
            dense[i]![column.buckets[e]!] = column.counts[e]!;
          }
          writer.histogram(handles[i]!, dense[i]!);
        } else {
          const { buffer, byteOffset, length } = column.values;
          const words = new Uint32Array(buffer, byteOffset, 2 * length);
          writer.scalar(handles[i]!, words[2 * row]!, words[2 * row + 1]!);
        }
      }
      await writer.endRow();
    }
  }
}
