import type { GroupSchema, MetricKind, SeriesSchema, Snapshot } from '@rezolus/core';
import { type Escaping, escapeLabel, escapeName, free } from './names.ts';
import type { ExportCounts, PrometheusOptions } from './options.ts';
import { selects } from './selector.ts';

/** LabelPairs: labels as they leave, sorted by name, names escaped. */
export type LabelPairs = readonly (readonly [name: string, value: string])[];

/** Part: the series of one family in one schema. `encoded` lines up with `indices`. */
export interface Part<T> {
  readonly indices: Uint32Array;
  readonly encoded: readonly T[];
}

/** Family: series of one name and kind, by group of the snapshot. `name` is escaped and without suffix. */
export interface Family<T> {
  readonly name: string;
  readonly kind: MetricKind;
  /** Description and unit. */
  readonly help: string;
  /** As the sampler names it, e.g. `nanoseconds`; empty for none. */
  readonly unit: string;
  readonly parts: readonly (Part<T> & { readonly group: number })[];
}

interface SchemaPart<T> extends Part<T> {
  readonly metric: string;
  readonly kind: MetricKind;
  readonly unit: string;
  /** Labels of each series as one string, to find duplicates in other groups. */
  readonly keys: readonly string[];
}

interface SchemaPlan<T> {
  readonly parts: readonly SchemaPart<T>[];
  readonly duplicate: number;
  readonly nameless: number;
}

interface Gathered<T> {
  readonly name: string;
  readonly kind: MetricKind;
  readonly parts: (SchemaPart<T> & { readonly group: number })[];
  /** Keys of all parts; only kept where there is more than one. */
  keys: Set<string> | null;
}

/** Metadata that describes a series and does not tell it from others. */
const descriptive = new Set(['metric', 'unit', 'grouping_power', 'max_value_power']);
const reservedPrefix = 'rezolus_exporter_';

/**
 * Planner: decides which series of a snapshot are exported, in which order and with which labels. What depends on a
 * schema alone is kept as long as the schema object; the whole plan as long as no group's schema changes.
 */
export class Planner<T> {
  readonly #options: PrometheusOptions;
  readonly #escaping: Escaping;
  readonly #encode: (name: string, labels: LabelPairs, kind: MetricKind) => T;
  readonly #samplesPerHistogram: number;
  readonly #schemas = new WeakMap<GroupSchema, SchemaPlan<T>>();
  #planned: readonly (GroupSchema | null)[] | null = null;
  #families: readonly Family<T>[] = [];
  counts: ExportCounts = { exported: 0, dropped: { limit: 0, duplicate: 0, name: 0 } };

  /** `samplesPerHistogram` is what one histogram costs of the limit. */
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

  /** plan: the families of a snapshot, sorted by name. */
  plan({ groups }: Snapshot): readonly Family<T>[] {
    const planned = this.#planned;
    if (planned?.length !== groups.length || groups.some((group, i) => group.schema !== planned[i])) {
      this.#planned = groups.map(({ schema }) => schema);
      this.#families = this.#merge(this.#planned);
    }
    return this.#families;
  }

  #merge(schemas: readonly (GroupSchema | null)[]): Family<T>[] {
    const dropped = { limit: 0, duplicate: 0, name: 0 };
    const byName = new Map<string, Gathered<T>>();
    // Small groups first: what is beyond the limit are members of the large ones.
    const order = schemas
      .flatMap((schema, group) => (schema === null ? [] : [{ schema, group }]))
      .sort((a, b) => size(a.schema) - size(b.schema) || a.group - b.group);
    let left = this.#options.seriesLimit;
    for (const { schema, group } of order) {
      const plan = this.#ofSchema(schema);
      dropped.duplicate += plan.duplicate;
      dropped.name += plan.nameless;
      for (const part of plan.parts) {
        const { metric, kind } = part;
        const cost = kind === 'histogram' ? this.#samplesPerHistogram : 1;
        const name = this.#name(metric, kind, part.unit);
        let family = byName.get(metric);
        if (family === undefined) {
          family = { name, kind, parts: [], keys: null };
          byName.set(metric, family);
        }
        if (family.kind !== kind || family.name !== name) {
          dropped.name += part.indices.length * cost;
          continue;
        }
        const unique = withoutKnown(part, family);
        dropped.duplicate += (part.indices.length - unique.indices.length) * cost;
        const kept = first(unique, Math.floor(left / cost));
        dropped.limit += (unique.indices.length - kept.indices.length) * cost;
        left -= kept.indices.length * cost;
        if (kept.indices.length > 0) family.parts.push({ ...kept, group });
      }
    }
    const families: Family<T>[] = [];
    const taken = new Set<string>();
    const sorted = [...byName].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [metric, { name, kind, parts }] of sorted) {
      if (parts.length === 0) continue;
      const unit = parts.find((part) => part.unit !== '')?.unit ?? '';
      const names = this.#namesOf(name, kind);
      if (name.startsWith(reservedPrefix) || names.some((one) => taken.has(one))) {
        const cost = kind === 'histogram' ? this.#samplesPerHistogram : 1;
        const lost = parts.reduce((sum, { indices }) => sum + indices.length * cost, 0);
        dropped.name += lost;
        left += lost;
        continue;
      }
      for (const one of names) taken.add(one);
      families.push({
        name,
        kind,
        help: this.#help(metric, unit),
        unit,
        parts: parts.sort((a, b) => a.group - b.group),
      });
    }
    this.counts = { exported: this.#options.seriesLimit - left, dropped };
    return families;
  }

  /**
   * name: without suffix. A name that ends as samples of another type do is told apart by its unit: the gauge
   * `memory_total` becomes `memory_total_bytes`.
   */
  #name(metric: string, kind: MetricKind, unit: string): string {
    let name = metric;
    if (!this.#options.compatibility) {
      if (kind === 'counter') name = metric.replace(/(?<=.)_total$/, '');
      else if (/_(?:total|count|sum|bucket|created|info)$/.test(metric))
        name = `${metric}_${unit || 'value'}`;
    }
    return escapeName(name, this.#escaping);
  }

  /** namesOf: every family and sample name that a metric takes, in any format. */
  #namesOf(name: string, kind: MetricKind): string[] {
    if (kind === 'gauge') return [name];
    if (kind === 'counter') return this.#options.compatibility ? [name] : [name, `${name}_total`];
    return ['', '_count', '_sum', '_bucket', '_recent', '_distribution'].map((suffix) => name + suffix);
  }

  #help(metric: string, unit: string): string {
    const description = Object.hasOwn(this.#options.descriptions, metric)
      ? this.#options.descriptions[metric]!
      : '';
    if (unit === '') return description;
    return description === '' ? `in ${unit}` : `${description} (${unit})`;
  }

  #ofSchema(schema: GroupSchema): SchemaPlan<T> {
    let plan = this.#schemas.get(schema);
    if (plan === undefined) {
      plan = this.#planSchema(schema);
      this.#schemas.set(schema, plan);
    }
    return plan;
  }

  #planSchema(schema: GroupSchema): SchemaPlan<T> {
    const { include, exclude } = this.#options;
    let duplicate = 0;
    let nameless = 0;
    const parts: SchemaPart<T>[] = [];
    const kinds = [
      ['counter', schema.counters],
      ['gauge', schema.gauges],
      ['histogram', schema.histograms],
    ] as const;
    for (const [kind, list] of kinds) {
      const building = new Map<
        string,
        { unit: string; indices: number[]; encoded: T[]; keys: Set<string> }
      >();
      list.forEach((series, index) => {
        const { metric = '', unit = '' } = series.labels;
        if (include.length > 0 && !include.some((selector) => selects(selector, series.labels))) return;
        if (exclude.some((selector) => selects(selector, series.labels))) return;
        if (metric === '') {
          nameless++;
          return;
        }
        let part = building.get(metric);
        if (part === undefined) {
          part = { unit, indices: [], encoded: [], keys: new Set() };
          building.set(metric, part);
        }
        const labels = this.#labels(series, kind);
        const key = JSON.stringify(labels);
        if (part.keys.has(key)) {
          duplicate++;
          return;
        }
        part.keys.add(key);
        part.indices.push(index);
        part.encoded.push(this.#encode(this.#name(metric, kind, part.unit), labels, kind));
      });
      for (const [metric, { unit, indices, encoded, keys }] of building) {
        parts.push({ metric, kind, unit, indices: Uint32Array.from(indices), encoded, keys: [...keys] });
      }
    }
    return { parts, duplicate, nameless };
  }

  #labels({ labels }: SeriesSchema, kind: MetricKind): LabelPairs {
    const { compatibility, dropLabels } = this.#options;
    const pairs = new Map<string, string>();
    for (const [name, value] of Object.entries(labels)) {
      if (name === '' || value === '' || dropLabels.includes(name)) continue;
      if (
        compatibility
          ? name === 'metric' || (kind === 'histogram' && /_power$/.test(name))
          : descriptive.has(name)
      )
        continue;
      const escaped = escapeLabel(free(name), this.#escaping);
      // Two names may become one by escaping; the first stays, and series that only differ there are duplicates.
      if (!pairs.has(escaped)) pairs.set(escaped, value.toWellFormed());
    }
    return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function size(schema: GroupSchema): number {
  return schema.counters.length + schema.gauges.length + schema.histograms.length;
}

/** withoutKnown: the series of `part` that the family has not got from another group. */
function withoutKnown<T>(part: SchemaPart<T>, family: Gathered<T>): SchemaPart<T> {
  if (family.parts.length === 0) return part;
  family.keys ??= new Set(family.parts.flatMap(({ keys }) => keys));
  const { keys } = family;
  const unique = pick(part, (position) => !keys.has(part.keys[position]!));
  for (const key of unique.keys) keys.add(key);
  return unique;
}

function first<T>(part: SchemaPart<T>, count: number): SchemaPart<T> {
  return part.indices.length <= count ? part : pick(part, (position) => position < count);
}

function pick<T>(part: SchemaPart<T>, keep: (position: number) => boolean): SchemaPart<T> {
  return {
    ...part,
    indices: part.indices.filter((_, position) => keep(position)),
    encoded: part.encoded.filter((_, position) => keep(position)),
    keys: part.keys.filter((_, position) => keep(position)),
  };
}
