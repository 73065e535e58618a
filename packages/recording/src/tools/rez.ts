import { open } from 'node:fs/promises';
import { RezolusError } from '@rezolus/core/errors';
import { decodeMsgpack, type MsgpackValue } from './msgpack.ts';
import type { Cell, Table } from './tables.ts';
import { readTar, type TarEntry } from './tar.ts';

/** RezRecording: one recording of a `.rez` archive of the original. */
export interface RezRecording {
  readonly labels: Readonly<Record<string, string>>;
  /** What becomes file keys. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether its recorder finished it. */
  readonly complete: boolean;
  readonly tables: readonly Table[];
}

/** RezArchive: an open archive; version 3 is an SQLite database, 1 and 2 are tars of Parquet files. */
export interface RezArchive extends AsyncDisposable {
  readonly version: number;
  readonly recordings: readonly RezRecording[];
}

/** openRez: opens an archive of any version. Throws REZ_ERR_RECORDING_FORMAT where it is none. */
export async function openRez(path: string): Promise<RezArchive> {
  try {
    await using handle = await open(path, 'r');
    const head = Buffer.alloc(16);
    await handle.read(head, 0, 16, 0);
    return head.toString('latin1') === 'SQLite format 3\0' ? await openDatabase(path) : await openTar(path);
  } catch (cause) {
    throw new RezolusError('REZ_ERR_RECORDING_FORMAT', `${path} is no .rez archive that can be read`, {
      cause,
    });
  }
}

/** Source: the original's schema of version 3. The `-wal` file beside it is read as well, if it is there. */
async function openDatabase(path: string): Promise<RezArchive> {
  // Not at the top: nothing else needs SQLite.
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = <T>(sql: string, ...values: (string | number | bigint)[]) => {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    return statement.all(...values) as T[];
  };
  const recordings = rows<{ id: bigint; labels: string; metadata: string; complete: bigint }>(
    'SELECT id, labels, metadata, complete FROM recordings ORDER BY id',
  );
  const names = rows<{ id: bigint; name: string }>(
    'SELECT recording_id AS id, sampler AS name FROM segments UNION SELECT recording_id, sampler FROM wal ORDER BY 1, 2',
  );
  const segment = database.prepare(
    'SELECT bytes FROM segments WHERE recording_id = ? AND sampler = ? AND seq = ?',
  );
  const tableOf = (id: bigint, name: string): Table => {
    const segments = rows<{ seq: bigint; last: bigint }>(
      'SELECT seq, last_ts AS last FROM segments WHERE recording_id = ? AND sampler = ? ORDER BY seq',
      id,
      name,
    );
    const sealed = segments.reduce((most, { last }) => (last > most ? last : most), 0n);
    const live = rows<{ ts: bigint; row: Uint8Array }>(
      'SELECT ts, row FROM wal WHERE recording_id = ? AND sampler = ? AND ts > ? ORDER BY ts',
      id,
      name,
      sealed,
    );
    const reader = new WalReader();
    return {
      name,
      segments: segments.map(
        ({ seq }) =>
          async () =>
            (segment.get(id, name, seq) as { bytes: Uint8Array }).bytes,
      ),
      rest: live.map(({ ts, row }) => ({ timestampNs: ts, cells: reader.read(decodeMsgpack(row)) })),
    };
  };
  return {
    version: 3,
    recordings: recordings.map(({ id, labels, metadata, complete }) => ({
      labels: JSON.parse(labels),
      metadata: JSON.parse(metadata),
      complete: complete === 1n,
      tables: names.filter((table) => table.id === id).map(({ name }) => tableOf(id, name)),
    })),
    [Symbol.asyncDispose]: async () => database.close(),
  };
}

interface TarManifest {
  readonly version: number;
  readonly recordings: readonly {
    readonly dir: string;
    readonly labels?: Record<string, string>;
    readonly metadata?: Record<string, string>;
    readonly complete?: boolean;
    readonly tables: readonly {
      readonly sampler: string;
      readonly file?: string;
      readonly files?: readonly string[];
    }[];
  }[];
}

/** openTar: of several manifests, the last one whose files are all there counts. */
async function openTar(path: string): Promise<RezArchive> {
  const handle = await open(path, 'r');
  try {
    const entries = await readTar(handle);
    const files = new Map(entries.map((entry) => [entry.name, entry]));
    const read = async ({ offset, size }: TarEntry) => {
      const bytes = new Uint8Array(size);
      await handle.read(bytes, 0, size, offset);
      return bytes;
    };
    const filesOf = (
      dir: string,
      { sampler, file, files: list }: TarManifest['recordings'][number]['tables'][number],
    ) =>
      list !== undefined && list.length > 0
        ? list.map((name) => (files.has(name) ? name : `${dir}/${name}`))
        : [file ?? `${dir}/${sampler}.parquet`].map((name) => (files.has(name) ? name : `${dir}/${name}`));
    for (const entry of entries.filter(({ name }) => name === 'manifest.json').toReversed()) {
      const manifest: TarManifest = JSON.parse(new TextDecoder().decode(await read(entry)));
      const needed = manifest.recordings.flatMap(({ dir, tables }) =>
        tables.flatMap((table) => filesOf(dir, table)),
      );
      if (!needed.every((name) => files.has(name))) continue;
      return {
        version: manifest.version,
        recordings: manifest.recordings.map(
          ({ dir, labels = {}, metadata = {}, complete = false, tables }) => ({
            labels,
            metadata,
            complete,
            tables: tables.map((table) => ({
              name: table.sampler,
              segments: filesOf(dir, table).map((name) => () => read(files.get(name)!)),
              rest: [],
            })),
          }),
        ),
        [Symbol.asyncDispose]: () => handle.close(),
      };
    }
    throw new RangeError('no manifest whose files are all there');
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** WalReader: rows of the table `wal`: series are described in the first row of a segment that has them. */
class WalReader {
  readonly #known = new Map<string, Readonly<Record<string, string>>>();
  #schema: readonly [names: readonly string[], labels: readonly Record<string, string>[]][] = [];

  read(row: MsgpackValue): Cell[] {
    const items = list(row);
    // A row of a group begins with the hash of its schema, two numbers.
    const group = items.length === 6 && Array.isArray(items[0]) && typeof items[0][0] !== 'string';
    return group ? this.#group(items) : items.flatMap((item) => this.#entry(list(item)));
  }

  #entry([name, metadata, value]: readonly MsgpackValue[]): Cell[] {
    const known = metadata instanceof Map ? labelsOf(metadata) : this.#known.get(String(name));
    if (known === undefined || !(value instanceof Map)) return [];
    this.#known.set(String(name), known);
    const [[variant, content] = []] = value;
    if (variant === 'Histogram') return histogramCell(String(name), known, content);
    if (variant !== 'Counter' && variant !== 'Gauge') return [];
    const kind = variant === 'Counter' ? 'counter' : 'gauge';
    return [{ kind, name: String(name), metadata: known, value: integer(content ?? 0) }];
  }

  #group([, schema, , counters, gauges, histograms]: readonly MsgpackValue[]): Cell[] {
    if (Array.isArray(schema)) {
      this.#schema = schema.map((kind) => {
        const series = list(kind).map(list);
        return [series.map(([name]) => String(name)), series.map(([, labels]) => labelsOf(labels ?? null))];
      });
    }
    const cells: Cell[] = [];
    for (const [index, values] of [counters, gauges, histograms].entries()) {
      const [names, labels] = this.#schema[index] ?? [[], []];
      for (const [i, value] of list(values ?? null).entries()) {
        const name = names[i];
        if (value === null || name === undefined) continue;
        if (index === 2) cells.push(...histogramCell(name, labels[i]!, value));
        else
          cells.push({
            kind: index === 0 ? 'counter' : 'gauge',
            name,
            metadata: labels[i]!,
            value: integer(value),
          });
      }
    }
    return cells;
  }
}

function histogramCell(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: MsgpackValue | undefined,
): Cell[] {
  const [grouping, power, buckets] = list(value ?? null);
  if (!Array.isArray(buckets)) return [];
  const metadata = { ...labels, grouping_power: String(grouping), max_value_power: String(power) };
  return [
    { kind: 'histogram', name, metadata, value: BigUint64Array.from(buckets, (count) => integer(count)) },
  ];
}

function list(value: MsgpackValue): readonly MsgpackValue[] {
  if (!Array.isArray(value)) throw new RangeError('a list was expected');
  return value;
}

function integer(value: MsgpackValue): bigint {
  if (typeof value !== 'number' && typeof value !== 'bigint') throw new RangeError('a number was expected');
  return BigInt(value);
}

function labelsOf(value: MsgpackValue): Record<string, string> {
  return value instanceof Map
    ? Object.fromEntries([...value].map(([key, label]) => [key, String(label)]))
    : {};
}
