import { bucketIndex, defaultHistogram, type HistogramConfig } from '@rezolus/core/histogram';
import type { Column, FloatColumn, HistogramColumn, Series, Source } from '../src/index.ts';

type Labels = Record<string, string>;

/** ArraySource: a source for tests: columns are given, nothing is clever. */
export class ArraySource implements Source {
  generation = 1;
  intervalMs: number;
  startMs = 0;
  endMs = 0;
  loads = 0;
  readonly #series: Series[] = [];
  readonly #columns: Column[] = [];

  constructor(intervalMs = 1000) {
    this.intervalMs = intervalMs;
  }

  series(): readonly Series[] {
    return this.#series;
  }

  load(ids: readonly number[]): Promise<Column[]> {
    this.loads++;
    return Promise.resolve(ids.map((id) => this.#columns[id]!));
  }

  /** floats: values at startMs, startMs + interval …; undefined = no row; where `stale` is true the series ends. */
  floats(
    kind: 'counter' | 'gauge',
    metric: string,
    labels: Labels,
    values: readonly (number | undefined)[],
    { startMs = 0, base = 0n, stale }: { startMs?: number; base?: bigint; stale?: readonly boolean[] } = {},
  ): this {
    const rows = values.flatMap((value, i) =>
      value === undefined ? [] : [[startMs + i * this.intervalMs, value] as const],
    );
    const column: FloatColumn = {
      kind,
      times: this.#shared(Float64Array.from(rows, ([time]) => time)),
      values: Float64Array.from(rows, ([, value]) => value),
      base,
      ...(stale?.includes(true)
        ? {
            stale: Uint8Array.from(
              stale.filter((_, i) => values[i] !== undefined),
              Number,
            ),
          }
        : {}),
    };
    return this.#add({ metric, kind, labels }, column);
  }

  /** observations: what is observed before each row; a row with 'reset' starts from nothing. */
  observations(
    metric: string,
    labels: Labels,
    rows: readonly (readonly number[] | 'reset')[],
    { startMs = 0, config = defaultHistogram }: { startMs?: number; config?: HistogramConfig } = {},
  ): this {
    const starts = [0];
    const buckets: number[] = [];
    const counts: number[] = [];
    for (const row of rows) {
      const gained = new Map<number, number>();
      for (const value of row === 'reset' ? [] : row) {
        const bucket = bucketIndex(BigInt(value), config);
        gained.set(bucket, (gained.get(bucket) ?? 0) + 1);
      }
      for (const [bucket, count] of [...gained].sort(([a], [b]) => a - b)) {
        buckets.push(bucket);
        counts.push(count);
      }
      starts.push(buckets.length);
    }
    const column: HistogramColumn = {
      kind: 'histogram',
      times: this.#shared(Float64Array.from(rows, (_, i) => startMs + i * this.intervalMs)),
      starts: Uint32Array.from(starts),
      buckets: Uint16Array.from(buckets),
      counts: Float64Array.from(counts),
      resets: Uint8Array.from(rows, (row) => Number(row === 'reset')),
      config,
    };
    return this.#add({ metric, kind: 'histogram', labels, histogram: config }, column);
  }

  /** Columns of a recording share their times. */
  #shared(times: Float64Array): Float64Array {
    const same = this.#columns.find(
      (column) =>
        column.times.length === times.length &&
        column.times[0] === times[0] &&
        column.times.at(-1) === times.at(-1),
    );
    return same?.times ?? times;
  }

  #add(series: Omit<Series, 'id'>, column: Column): this {
    this.#series.push({ id: this.#series.length, ...series });
    this.#columns.push(column);
    this.generation++;
    return this;
  }
}
