import { basename, extname } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import { createdBy } from '../created-by.ts';
import { RecordingWriter } from '../parquet/writer.ts';
import { openRecording } from '../reader/open.ts';
import type { Recording } from '../reader/recording.ts';
import { ColumnNames } from '../recorder/column-names.ts';
import { StagingFile } from '../staging-file.ts';
import { combineKeys } from './combine-keys.ts';
import type { Progress } from './copy-range.ts';
import { RowCopier } from './row-copier.ts';
import { sourcesOf } from './services.ts';

/** CombineOptions: `pinned`: the node that a viewer shows first. */
export interface CombineOptions {
  readonly pinned?: string;
  readonly progress?: Progress;
}

/** Combined: what came of combining. */
export interface Combined {
  readonly rows: number;
  readonly columns: number;
  /** Rows in which every input has values. */
  readonly shared: number;
  /** Rows of an input that fell on the moment of another one of its own; the first stays. */
  readonly merged: number;
  readonly names: readonly string[];
}

/** Input: a recording and what it is called in the result. */
export interface Input {
  readonly path: string;
  readonly recording: Recording;
  readonly source: string;
  /** Agents are told apart by node, services by instance. */
  readonly label: 'node' | 'instance';
  readonly name: string;
}

/**
 * combineRecordings: the series of several recordings in one file. Rows are put on the grid of the shortest interval; a
 * moment at which an input has no row is null in its columns, so nothing is left out, however the inputs lie. Columns
 * get the label `node` or `instance` and are named `<node or instance>::<name>`. Throws REZ_ERR_RECORDING_FORMAT,
 * REZ_ERR_RECORDING_WRITE, and REZ_ERR_CONFIG_INVALID where two inputs are the same node, or none is `pinned`.
 */
export async function combineRecordings(
  paths: readonly string[],
  output: string,
  { pinned, progress = () => {} }: CombineOptions = {},
): Promise<Combined> {
  await using stack = new AsyncDisposableStack();
  const recordings: Recording[] = [];
  for (const path of paths) recordings.push(stack.use(await openRecording(path)));
  const inputs = nameInputs(paths, recordings);
  if (pinned !== undefined && !inputs.some(({ name }) => name === pinned)) {
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', `no recording is of node "${pinned}"`);
  }
  const intervalMs = Math.min(...recordings.map((recording) => recording.intervalMs));
  const stepNs = BigInt(Math.round(intervalMs * 1e6));
  await using file = await StagingFile.create(output);
  const writer = new RecordingWriter(file, { createdBy });
  const used = new Set(['timestamp', 'duration']);
  const copiers: RowCopier[] = [];
  for (const { recording, source, label, name } of inputs) {
    const names = new ColumnNames(used, `${name}::`);
    const copier = await RowCopier.open(recording, writer, (column) => {
      const { kind, float = false, metadata } = column;
      const own = metadata.node !== undefined || metadata.instance !== undefined;
      return {
        name: names.unique(kind as 'counter', column.name.replace(/:buckets$/, '')),
        kind: kind as 'counter',
        ...(float && { float }),
        // What was combined before keeps the names that it has.
        metadata: { source, ...metadata, ...(!own && { [label]: name }) },
      };
    });
    copiers.push(copier);
  }
  const grids = copiers.map(({ timestamps }) => onGrid(timestamps, stepNs));
  const ticks = [...new Set(grids.flatMap(({ rows }) => [...rows.keys()]))].sort((a, b) => (a < b ? -1 : 1));
  const reference = Math.max(
    0,
    inputs.findIndex(({ label }) => label === 'node'),
  );
  let shared = 0;
  for (const [done, tick] of ticks.entries()) {
    const rows = grids.map((grid) => grid.rows.get(tick));
    for (const [i, row] of rows.entries()) if (row !== undefined) await copiers[i]!.load(row);
    const first = rows[reference];
    writer.startRow(tick * stepNs, first === undefined ? null : copiers[reference]!.durationNs(first));
    for (const [i, row] of rows.entries()) if (row !== undefined) copiers[i]!.write(row);
    await writer.endRow();
    if (!rows.includes(undefined)) shared++;
    progress(done + 1, ticks.length);
  }
  await writer.finish(combineKeys(inputs, intervalMs, pinned));
  await file.commit();
  const merged = grids.reduce((sum, grid) => sum + grid.merged, 0);
  const columns = writer.columns.length;
  return { rows: ticks.length, columns, shared, merged, names: inputs.map(({ name }) => name) };
}

/** onGrid: row by number of the moment. Of two rows that meet, the second goes to the next moment if that is free. */
function onGrid(timestamps: BigUint64Array, stepNs: bigint): { rows: Map<bigint, number>; merged: number } {
  const rows = new Map<bigint, number>();
  const taken = new Set<bigint>();
  const nearest = Array.from(timestamps, (ns) => (ns + stepNs / 2n) / stepNs);
  for (const tick of nearest) taken.add(tick);
  let merged = 0;
  for (const [row, tick] of nearest.entries()) {
    if (!rows.has(tick)) rows.set(tick, row);
    else if (!taken.has(tick + 1n)) {
      taken.add(tick + 1n);
      rows.set(tick + 1n, row);
    } else merged++;
  }
  return { rows, merged };
}

function nameInputs(paths: readonly string[], recordings: readonly Recording[]): Input[] {
  const used = new Set<string>();
  const instances = new Map<string, number>();
  return recordings.map((recording, i): Input => {
    const path = paths[i]!;
    const { metadata, columns } = recording;
    const source = sourcesOf(metadata)[0] ?? 'rezolus';
    const agent = source === 'rezolus' || columns.some((column) => column.metadata.sampler !== undefined);
    if (!agent) {
      const given = metadata.get('instance');
      const count = instances.get(source) ?? 0;
      instances.set(source, count + 1);
      const name = unique(used, given === undefined ? String(count) : given, `${source}-${count}`);
      return { path, recording, source, label: 'instance', name };
    }
    const stem = basename(path, extname(path));
    const given = metadata.get('node');
    if (given !== undefined && used.has(given)) {
      const message = `two recordings are of node "${given}"; change one with \`rezolus recording annotate --node\``;
      throw new RezolusError('REZ_ERR_CONFIG_INVALID', message);
    }
    const name = unique(used, given ?? stem, `${stem}-${i}`);
    return { path, recording, source, label: 'node', name };
  });
}

function unique(used: Set<string>, name: string, otherwise: string): string {
  const chosen = used.has(name) ? otherwise : name;
  used.add(chosen);
  return chosen;
}
