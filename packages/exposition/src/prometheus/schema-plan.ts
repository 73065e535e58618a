import type { GroupSchema, MetricKind, SeriesSchema } from '@rezolus/core';
import { familyName } from './exported.ts';
import { descriptive, type Escaping, escapeLabel, escapeName, free } from './names.ts';
import type { PrometheusOptions } from './options.ts';
import { selects } from './selector.ts';
import { sumCounters } from './sums.ts';

/** LabelPairs: labels as they leave, sorted by name, names escaped. */
export type LabelPairs = readonly (readonly [name: string, value: string])[];

/** Part: the series of one family in one schema. `encoded` lines up with `indices`. */
export interface Part<T> {
  readonly indices: Uint32Array;
  readonly encoded: readonly T[];
}

/** SchemaPart: a part, and what it is of. */
export interface SchemaPart<T> extends Part<T> {
  readonly metric: string;
  /** Escaped, without suffix. */
  readonly name: string;
  readonly kind: MetricKind;
  readonly unit: string;
  /** All series of this kind in the schema. */
  readonly list: readonly SeriesSchema[];
}

/** SchemaPlan: what of a schema is exported; counts are in samples. */
export interface SchemaPlan<T> {
  readonly parts: readonly SchemaPart<T>[];
  readonly duplicate: number;
  readonly nameless: number;
  /** Beyond `room`. */
  readonly beyond: number;
  readonly room: number;
}

/** SchemaPlanner: names, labels and selection of the series of one schema. */
export class SchemaPlanner<T> {
  readonly #options: PrometheusOptions;
  readonly #escaping: Escaping;
  readonly #encode: (name: string, labels: LabelPairs, kind: MetricKind) => T;
  readonly #samplesPerHistogram: number;
  readonly #plans = new WeakMap<GroupSchema, SchemaPlan<T>>();

  constructor(
    options: PrometheusOptions,
    escaping: Escaping,
    samplesPerHistogram: number,
    encode: (name: string, labels: LabelPairs, kind: MetricKind) => T,
  ) {
    this.#options = options;
    this.#escaping = escaping;
    this.#samplesPerHistogram = samplesPerHistogram;
    this.#encode = encode;
  }

  /** cost: samples that one series of a kind counts as. */
  cost(kind: MetricKind): number {
    return kind === 'histogram' ? this.#samplesPerHistogram : 1;
  }

  /**
   * plan: at most `room` samples of a schema; what is beyond is counted and not encoded, so that a burst of members costs
   * no memory. Kept as long as the schema object.
   */
  plan(schema: GroupSchema, room: number): SchemaPlan<T> {
    const known = this.#plans.get(schema);
    if (known !== undefined && (known.beyond === 0 ? used(known, this) <= room : known.room === room))
      return known;
    const plan = this.#plan(schema, room);
    this.#plans.set(schema, plan);
    return plan;
  }

  #plan(schema: GroupSchema, room: number): SchemaPlan<T> {
    const counts = { duplicate: 0, nameless: 0, beyond: 0 };
    const parts: SchemaPart<T>[] = [];
    let left = room;
    // The sum of a histogram leaves with it, not as a series of its own.
    const sums = new Set(sumCounters(schema).values());
    const kinds = [
      ['counter', schema.counters],
      ['gauge', schema.gauges],
      ['histogram', schema.histograms],
    ] as const;
    for (const [kind, list] of kinds) {
      const cost = this.cost(kind);
      const building = new Map<
        string,
        { name: string; unit: string; indices: number[]; encoded: T[]; keys: Set<string> }
      >();
      list.forEach((series, index) => {
        if (!this.#isSelected(series) || (kind === 'counter' && sums.has(index))) return;
        const { metric = '', unit = '' } = series.labels;
        if (metric === '') {
          counts.nameless += cost;
          return;
        }
        if (left < cost) {
          counts.beyond += cost;
          return;
        }
        let part = building.get(metric);
        if (part === undefined) {
          const name = this.#name(metric, kind, unit);
          part = { name, unit, indices: [], encoded: [], keys: new Set() };
          building.set(metric, part);
        }
        const labels = this.#labels(series, kind);
        const key = JSON.stringify(labels);
        if (part.keys.has(key)) {
          counts.duplicate += cost;
          return;
        }
        left -= cost;
        part.keys.add(key);
        part.indices.push(index);
        part.encoded.push(this.#encode(part.name, labels, kind));
      });
      for (const [metric, { name, unit, indices, encoded }] of building) {
        parts.push({ metric, name, kind, unit, list, indices: Uint32Array.from(indices), encoded });
      }
    }
    return { parts, ...counts, room };
  }

  /** keyOf: the labels of a series of a part as one string, to find it in other groups. */
  keyOf({ list, indices, kind }: SchemaPart<T>, position: number): string {
    return JSON.stringify(this.#labels(list[indices[position]!]!, kind));
  }

  #isSelected({ labels }: SeriesSchema): boolean {
    const { include, exclude } = this.#options;
    if (include.length > 0 && !include.some((selector) => selects(selector, labels))) return false;
    return !exclude.some((selector) => selects(selector, labels));
  }

  /** name: without suffix. */
  #name(metric: string, kind: MetricKind, unit: string): string {
    const name = this.#options.compatibility ? metric : familyName({ metric, kind, unit });
    return escapeName(name, this.#escaping);
  }

  #labels({ labels }: SeriesSchema, kind: MetricKind): LabelPairs {
    const { compatibility, dropLabels } = this.#options;
    const pairs = new Map<string, string>();
    for (const [name, value] of Object.entries(labels)) {
      if (name === '' || value === '' || dropLabels.includes(name)) continue;
      const isDescriptive = compatibility
        ? name === 'metric' || (kind === 'histogram' && /_power$/.test(name))
        : descriptive.has(name);
      if (isDescriptive) continue;
      const escaped = escapeLabel(free(name), this.#escaping);
      // Two names may become one by escaping; the first stays, and series that only differ there are duplicates.
      if (!pairs.has(escaped)) pairs.set(escaped, value.toWellFormed());
    }
    return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function used<T>({ parts }: SchemaPlan<T>, planner: SchemaPlanner<T>): number {
  return parts.reduce((sum, { indices, kind }) => sum + indices.length * planner.cost(kind), 0);
}
