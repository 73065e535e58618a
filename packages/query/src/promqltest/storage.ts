import {
  type LabelSet,
  labelKey,
  labelRecord,
  labelValue,
  nameLabel,
  withLabel,
  withoutName,
} from '../labels.ts';
import type { Column, FloatColumn, Series, Source } from '../source.ts';
import { type Point, parseSeriesLine } from './series.ts';

interface Stored {
  readonly labels: LabelSet;
  readonly points: Map<number, Point>;
}

/** TestStorage: the series that the `load` commands of a script built up. */
export class TestStorage implements Source {
  generation = 0;
  readonly intervalMs = 60_000;
  readonly startMs = 0;
  readonly endMs = 0;
  #stored = new Map<string, Stored>();
  #series: Series[] = [];
  #columns: FloatColumn[] = [];
  /** Series with native histogram samples; the sample format of a source has no mixed series. */
  histograms: LabelSet[] = [];
  /** Histograms with custom buckets that `load_with_nhcb` makes of classic ones. */
  #converted: LabelSet[] = [];

  load(ids: readonly number[]): Promise<Column[]> {
    return Promise.resolve(ids.map((id) => this.#columns[id]!));
  }

  /** add: a `load` command: the points of series lines, one per interval from 0 on; later points win. */
  add(lines: readonly string[], intervalMs: number, convertsClassic: boolean): void {
    for (const line of lines) {
      const { labels, points } = parseSeriesLine(line);
      const key = labelKey(labels);
      const stored = this.#stored.get(key) ?? { labels, points: new Map<number, Point>() };
      this.#stored.set(key, stored);
      const metric = labelValue(labels, nameLabel);
      if (convertsClassic && metric.endsWith('_bucket'))
        this.#converted.push(
          withLabel(withLabel(labels, 'le', ''), nameLabel, metric.slice(0, -'_bucket'.length)),
        );
      points.forEach((point, i) => {
        if (point !== 'absent') stored.points.set(i * intervalMs, point);
      });
    }
    this.#rebuild();
  }

  /** clear: drops everything. */
  clear(): void {
    this.#stored = new Map();
    this.#converted = [];
    this.#rebuild();
  }

  series(): readonly Series[] {
    return this.#series;
  }

  #rebuild(): void {
    this.generation++;
    this.#series = [];
    this.#columns = [];
    this.histograms = [...this.#converted];
    for (const { labels, points } of this.#stored.values()) {
      if (points.size === 0) continue;
      if ([...points.values()].includes('histogram')) {
        this.histograms.push(labels);
        continue;
      }
      const sorted = [...points].sort(([a], [b]) => a - b);
      const stale = Uint8Array.from(sorted, ([, point]) => Number(point === 'stale'));
      this.#columns.push({
        kind: 'gauge',
        times: Float64Array.from(sorted, ([time]) => time),
        values: Float64Array.from(sorted, ([, point]) => (typeof point === 'number' ? point : 0)),
        base: 0n,
        stale,
      });
      const metric = labelValue(labels, nameLabel);
      this.#series.push({
        id: this.#series.length,
        metric,
        kind: 'gauge',
        labels: labelRecord(withoutName(labels)),
      });
    }
  }
}
