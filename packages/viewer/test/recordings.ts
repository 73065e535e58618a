import { DatabaseSync } from 'node:sqlite';
import { RecordingWriter } from '@rezolus/recording';
import { startMs } from './support.ts';

/** RowTarget: what rows are written to: a writer of files or of journals. */
export type RowTarget = Pick<RecordingWriter, 'addColumn' | 'startRow' | 'scalar' | 'endRow'>;

/** addOps: the counter `ops`; returns what appends rows `from` to `to` of `perSecond` operations each. */
export function addOps(
  writer: RowTarget,
  perSecond: number,
  labels: Readonly<Record<string, string>> = {},
): (from: number, to: number) => Promise<void> {
  const metadata = { metric: 'ops', metric_type: 'counter', unit: 'operations', ...labels };
  const column = writer.addColumn({ name: `ops/${JSON.stringify(labels)}`, kind: 'counter', metadata });
  return async (from, to) => {
    for (let row = from; row < to; row++) {
      writer.startRow(BigInt(startMs + row * 1000) * 1_000_000n, null);
      writer.scalar(column, row * perSecond, 0);
      await writer.endRow();
    }
  };
}

/** keys: file keys of a recording at 1 s. */
export const keys = { source: 'rezolus', sampling_interval_ms: '1000' };

/** smallRecording: the bytes of a recording of the counter `ops`. */
export async function smallRecording(perSecond: number, rows = 60): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const sink = {
    write: async (some: readonly Uint8Array[]) => void parts.push(...some.map((part) => part.slice())),
  };
  const writer = new RecordingWriter(sink, { createdBy: 'test' });
  await addOps(writer, perSecond)(0, rows);
  await writer.finish(new Map(Object.entries(keys)));
  return Buffer.concat(parts);
}

/** writeArchive: a `.rez` archive of version 3 at `path` with one recording per entry: its arm and its one table. */
export function writeArchive(path: string, recordings: Readonly<Record<string, Uint8Array>>): void {
  using database = new DatabaseSync(path);
  database.exec(`
    CREATE TABLE recordings(id INTEGER PRIMARY KEY, labels TEXT, metadata TEXT, complete INTEGER, clock_anchor_wall_ns INTEGER);
    CREATE TABLE segments(recording_id INTEGER, sampler TEXT, seq INTEGER, rows INTEGER, first_ts INTEGER, last_ts INTEGER, bytes BLOB);
    CREATE TABLE wal(recording_id INTEGER, sampler TEXT, ts INTEGER, wall_offset INTEGER, row BLOB);`);
  Object.entries(recordings).forEach(([arm, bytes], id) => {
    const insert = database.prepare('INSERT INTO recordings VALUES (?, ?, ?, 1, 0)');
    insert.run(id, JSON.stringify({ arm, source: 'rezolus' }), JSON.stringify(keys));
    database.prepare('INSERT INTO segments VALUES (?, ?, 0, 60, 0, 1, ?)').run(id, 'test', bytes);
  });
}
