import { open, stat } from 'node:fs/promises';
import { RezolusError } from '@rezolus/core/errors';
import { createdBy } from '../created-by.ts';
import { magic } from '../parquet/format.ts';
import { RecordingWriter } from '../parquet/writer.ts';
import { ExpositionWriter } from '../prometheus/exposition-writer.ts';
import { openRecording } from '../reader/open.ts';
import { ColumnNames } from '../recorder/column-names.ts';
import { SnapshotWriter } from '../recorder/snapshot-writer.ts';
import { StagingFile } from '../staging-file.ts';
import { readDumps } from './convert-dump.ts';
import { readSnapshots } from './convert-raw.ts';
import { convertRez } from './convert-rez.ts';
import type { Progress } from './copy-range.ts';
import { RowCopier } from './row-copier.ts';

/** ConvertOptions: what the input does not say. */
export interface ConvertOptions {
  /** Found out from the distances of the first rows where left out. */
  readonly intervalMs?: number;
  /** JSON. */
  readonly systeminfo?: string;
  /** JSON `{metric: sentence}`. */
  readonly descriptions?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Replaces an output that is there. */
  readonly force?: boolean;
  readonly progress?: Progress;
}

/** InputKind: what a file is, by its content. */
export type InputKind = 'parquet' | 'rez' | 'raw' | 'raw-zstd' | 'prometheus';

/** Converted: what came of a conversion; `notes` say what the user should know. */
export interface Converted {
  readonly kind: InputKind;
  readonly outputs: readonly { readonly path: string; readonly rows: number; readonly series: number }[];
  readonly notes: readonly string[];
}

/** detectInput: what a file is, by its first bytes; text is taken for that of Prometheus. */
export async function detectInput(path: string): Promise<InputKind> {
  const head = Buffer.alloc(512);
  await using handle = await open(path, 'r').catch((cause) => {
    throw new RezolusError('REZ_ERR_RECORDING_FORMAT', `${path} could not be opened`, { cause });
  });
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  if (head.subarray(0, 4).equals(magic)) return 'parquet';
  if (head.toString('latin1', 0, 15) === 'SQLite format 3') return 'rez';
  if (head.toString('latin1', 257, 262) === 'ustar') return 'rez';
  if (head.readUInt32LE(0) === 0xfd2fb528) return 'raw-zstd';
  // Snapshots are msgpack arrays of 4, 5 or 6.
  if (head[0]! >= 0x94 && head[0]! <= 0x96) return 'raw';
  const text = head.subarray(0, bytesRead);
  if (bytesRead > 0 && text.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13))
    return 'prometheus';
  throw new RezolusError('REZ_ERR_RECORDING_FORMAT', `${path} is nothing that can be converted`);
}

/** defaultOutput: the name of what a file is converted to: without `.zst`, `.partial`, `.raw`, `.rez`, `.prom` or `.txt`. */
export function defaultOutput(path: string): string {
  const stem = path.replace(/\.zst$/, '').replace(/\.partial$/, '');
  return `${stem.replace(/\.(raw|rez|prom|txt|om)$/, '')}.parquet`;
}

/**
 * convertRecording: a raw recording (plain or ZSTD), files with the text of Prometheus or OpenMetrics, or a `.rez`
 * archive as Parquet; of an archive with several recordings a file each. Throws REZ_ERR_RECORDING_FORMAT,
 * REZ_ERR_RECORDING_EMPTY, REZ_ERR_RECORDING_WRITE, and REZ_ERR_CONFIG_INVALID where the output is there already.
 */
export async function convertRecording(
  inputs: readonly [string, ...string[]],
  output: string,
  options: ConvertOptions = {},
): Promise<Converted> {
  const kind = await detectInput(inputs[0]);
  if (kind === 'parquet') {
    throw new RezolusError(
      'REZ_ERR_RECORDING_FORMAT',
      `${inputs[0]} is Parquet already; see \`recording upgrade\``,
    );
  }
  await refuseExisting(output, options);
  if (kind === 'rez') return { kind, ...(await convertRez(inputs[0], output, options)) };
  await using file = await StagingFile.create(output);
  const writer = new RecordingWriter(file, { createdBy });
  const times: bigint[] = [];
  const keys = new Map<string, string>();
  if (kind === 'prometheus') {
    const source = options.metadata?.source ?? 'prometheus';
    const expositions = new ExpositionWriter(writer, new ColumnNames(), { source });
    const rows = await readDumps(inputs, options.intervalMs ?? 1000);
    const helps = new Map<string, string>();
    for (const { timestampNs, exposition } of rows) {
      times.push(timestampNs);
      writer.startRow(timestampNs, null);
      expositions.write(exposition);
      await writer.endRow();
      options.progress?.(times.length, rows.length);
      if (times.length > 1) continue;
      for (const [name, { help }] of exposition.families) {
        if (help !== undefined) helps.set(name.replaceAll(':', '_'), help);
      }
    }
    keys.set('source', source);
    if (helps.size > 0) keys.set('descriptions', JSON.stringify(Object.fromEntries(helps)));
  } else {
    const source = options.metadata?.source ?? 'rezolus';
    const snapshots = new SnapshotWriter(writer, { source });
    for await (const snapshot of readSnapshots(inputs[0], kind === 'raw-zstd', options.progress)) {
      times.push(snapshot.systemTimeNs);
      const { version } = snapshot.metadata;
      if (version !== undefined) keys.set('version', version);
      await snapshots.append(snapshot);
    }
    keys.set('source', source);
  }
  if (times.length === 0) throw new RezolusError('REZ_ERR_RECORDING_EMPTY', `${inputs[0]} holds no samples`);
  const found = inferInterval(times);
  keys.set('sampling_interval_ms', String(options.intervalMs ?? found.intervalMs));
  if (options.systeminfo !== undefined) keys.set('systeminfo', options.systeminfo);
  if (options.descriptions !== undefined) keys.set('descriptions', options.descriptions);
  const range = `"first_sample_ns":${times[0]},"last_sample_ns":${times.at(-1)}`;
  keys.set('per_source_metadata', `{${JSON.stringify(keys.get('source'))}:{${range}}}`);
  for (const [key, value] of Object.entries(options.metadata ?? {})) keys.set(key, value);
  await writer.finish(keys);
  await file.commit();
  const notes = options.intervalMs === undefined && found.note !== undefined ? [found.note] : [];
  return { kind, outputs: [{ path: output, rows: times.length, series: writer.columns.length - 2 }], notes };
}

async function refuseExisting(output: string, { force = false }: ConvertOptions): Promise<void> {
  if (force || (await stat(output).catch(() => null)) === null) return;
  throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${output} is there already; give --force to replace it`);
}

/** inferInterval: the median of the first ten distances, in ms; with a note where that is doubtful. */
export function inferInterval(times: readonly bigint[]): { intervalMs: number; note?: string } {
  const gaps = times.slice(1, 11).map((time, i) => Number(time - times[i]!) / 1e6);
  if (gaps.length === 0)
    return { intervalMs: 1000, note: 'there is one row; the interval is taken to be 1 s' };
  const median = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)]!;
  const intervalMs = Math.round(median);
  if (intervalMs < 1)
    return { intervalMs: 1000, note: 'rows are less than 1 ms apart; the interval is taken to be 1 s' };
  const near = gaps.filter((gap) => Math.abs(gap - median) <= median / 4).length;
  if (near / gaps.length >= 0.6) return { intervalMs };
  return { intervalMs, note: `rows are not evenly apart; ${intervalMs} ms is the median: give --interval` };
}

/** upgradeRecording: a `.rez` archive of any version, or a Parquet recording of any version, as Parquet of this one. */
export async function upgradeRecording(
  path: string,
  output: string,
  options: ConvertOptions = {},
): Promise<Converted> {
  const kind = await detectInput(path);
  if (output !== path) await refuseExisting(output, options);
  if (kind === 'rez') return { kind, ...(await convertRez(path, output, options)) };
  if (kind !== 'parquet') {
    const message = `${path} is neither a .rez archive nor Parquet; see \`recording convert\``;
    throw new RezolusError('REZ_ERR_RECORDING_FORMAT', message);
  }
  await using recording = await openRecording(path);
  await using file = await StagingFile.create(output);
  const writer = new RecordingWriter(file, { createdBy });
  const names = new ColumnNames();
  const copier = await RowCopier.open(recording, writer, ({ kind, name, float = false, metadata }) => ({
    kind: kind as 'counter',
    name: names.unique(kind as 'counter', name.replace(/:buckets$/, '')),
    ...(float && { float }),
    metadata,
  }));
  for (const [row, timestamp] of copier.timestamps.entries()) {
    await copier.load(row);
    writer.startRow(timestamp, copier.durationNs(row));
    copier.write(row);
    await writer.endRow();
    options.progress?.(row + 1, copier.timestamps.length);
  }
  await writer.finish(recording.metadata);
  await file.commit();
  const { rows } = recording;
  return { kind, outputs: [{ path: output, rows, series: writer.columns.length - 2 }], notes: [] };
}
