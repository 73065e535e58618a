import { basename, dirname, extname, join } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import { createdBy } from '../created-by.ts';
import { RecordingWriter } from '../parquet/writer.ts';
import { ColumnNames } from '../recorder/column-names.ts';
import { StagingFile } from '../staging-file.ts';
import type { Converted, ConvertOptions } from './convert.ts';
import { openRez, type RezRecording } from './rez.ts';
import { TableReader } from './tables.ts';

/** convertRez: the recordings of an archive, a file each; tables are joined by the times of their rows. */
export async function convertRez(
  path: string,
  output: string,
  options: ConvertOptions,
): Promise<Pick<Converted, 'outputs' | 'notes'>> {
  await using archive = await openRez(path);
  const outputs: { path: string; rows: number; series: number }[] = [];
  const notes: string[] = [];
  for (const [i, recording] of archive.recordings.entries()) {
    const own = archive.recordings.length === 1 ? output : numbered(output, recording, i);
    const written = await convertOne(recording, own, options);
    if (!recording.complete) notes.push(`${own}: its recorder had not finished it`);
    if (written.rows > 0) outputs.push({ path: own, ...written });
    options.progress?.(i + 1, archive.recordings.length);
  }
  if (outputs.length === 0) throw new RezolusError('REZ_ERR_RECORDING_EMPTY', `${path} holds no rows`);
  return { outputs, notes };
}

async function convertOne(
  { tables, labels, metadata }: RezRecording,
  output: string,
  options: ConvertOptions,
): Promise<{ rows: number; series: number }> {
  await using file = await StagingFile.create(output);
  const writer = new RecordingWriter(file, { createdBy });
  const names = new ColumnNames();
  const readers = tables.map((table) => new TableReader(table, writer, names));
  const heads = await Promise.all(readers.map((reader) => reader.next()));
  let [first, last] = [0n, 0n];
  for (;;) {
    const times = heads.filter((time) => time !== null);
    if (times.length === 0) break;
    const now = times.reduce((least, time) => (time < least ? time : least));
    if (writer.rows === 0) first = now;
    last = now;
    writer.startRow(now, null);
    for (const [i, reader] of readers.entries()) {
      if (heads[i] !== now) continue;
      await reader.write();
      heads[i] = await reader.next();
      // A second row of the same table at the same time would be a cell that is written twice.
      while (heads[i] === now) heads[i] = await reader.next();
    }
    await writer.endRow();
  }
  for (const reader of readers) await reader.close();
  const { rows } = writer;
  if (rows === 0) return { rows, series: 0 };
  const source = metadata.source ?? labels.source ?? 'rezolus';
  const keys = new Map(
    Object.entries({ ...metadata, source }).filter(([, value]) => typeof value === 'string'),
  );
  if (labels.host !== undefined && !keys.has('node')) keys.set('node', labels.host);
  const range = `"first_sample_ns":${first},"last_sample_ns":${last}`;
  keys.set('per_source_metadata', `{${JSON.stringify(source)}:{${range}}}`);
  if (Object.keys(labels).length > 0) keys.set('labels', JSON.stringify(labels));
  if (options.systeminfo !== undefined) keys.set('systeminfo', options.systeminfo);
  if (options.descriptions !== undefined) keys.set('descriptions', options.descriptions);
  if (options.intervalMs !== undefined) keys.set('sampling_interval_ms', String(options.intervalMs));
  for (const [key, value] of Object.entries(options.metadata ?? {})) keys.set(key, value);
  await writer.finish(keys);
  await file.commit();
  return { rows, series: writer.columns.length - 2 };
}

function numbered(output: string, { labels }: RezRecording, i: number): string {
  const extension = extname(output);
  const name = [labels.host, labels.source].filter((part) => part !== undefined).join('-') || 'recording';
  const safe = name.replace(/[^\w.-]/g, '_');
  return join(dirname(output), `${basename(output, extension)}_${i}_${safe}${extension}`);
}
