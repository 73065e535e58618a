import type { GroupSchema, MetricKind, Snapshot } from '@rezolus/core';
import { exportedHelp } from './exported.ts';
import type { Escaping } from './names.ts';
import type { ExportCounts, PrometheusOptions } from './options.ts';
import { type LabelPairs, type Part, type SchemaPart, SchemaPlanner } from './schema-plan.ts';

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

interface Gathered<T> {
  readonly name: string;
  readonly kind: MetricKind;
  readonly parts: (SchemaPart<T> & { readonly group: number })[];
  /** Labels of the series of all parts; only kept where there is more than one part. */
  keys: Set<string> | null;
}

const reservedPrefix = 'rezolus_exporter_';

/**
 * Planner: decides which series of a snapshot are exported, in which order and with which labels. What depends on a
 * schema alone is kept as long as the schema object; the whole plan as long as no group's schema changes.
 */
export class Planner<T> {
  readonly #options: PrometheusOptions;
  readonly #schemas: SchemaPlanner<T>;
  #planned: readonly (GroupSchema | null)[] | null = null;
  #families: readonly Family<T>[] = [];
  counts: ExportCounts = { exported: 0, dropped: { limit: 0, duplicate: 0, name: 0 } };

  /** `samplesPerHistogram` is what one histogram costs of the limit; `encode` makes what does not change of a series. */
  constructor(
    options: PrometheusOptions,
    escaping: Escaping,
    samplesPerHistogram: number,
    encode: (name: string, labels: LabelPairs, kind: MetricKind) => T,
  ) {
    this.#options = options;
    this.#schemas = new SchemaPlanner(options, escaping, samplesPerHistogram, encode);
  }

  /** plan: the families of a snapshot, sorted by name; the same object while no schema changes. */
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
    const byMetric = new Map<string, Gathered<T>>();
    // Small groups first: what is beyond the limit are members of the large ones.
    const order = schemas
      .flatMap((schema, group) => (schema === null ? [] : [{ schema, group }]))
      .sort((a, b) => size(a.schema) - size(b.schema) || a.group - b.group);
    let left = this.#options.seriesLimit;
    for (const { schema, group } of order) {
      const { parts, duplicate, nameless, beyond } = this.#schemas.plan(schema, left);
      dropped.duplicate += duplicate;
      dropped.name += nameless;
      dropped.limit += beyond;
      for (const part of parts) {
        const { metric, kind, name } = part;
        const cost = this.#schemas.cost(kind);
        const family = byMetric.get(metric) ?? { name, kind, parts: [], keys: null };
        byMetric.set(metric, family);
        if (family.kind !== kind || family.name !== name) {
          dropped.name += part.indices.length * cost;
          continue;
        }
        const unique = this.#withoutKnown(part, family);
        dropped.duplicate += (part.indices.length - unique.indices.length) * cost;
        left -= unique.indices.length * cost;
        family.parts.push({ ...unique, group });
      }
    }
    const { families, lost } = this.#named(byMetric);
    dropped.name += lost;
    this.counts = { exported: this.#options.seriesLimit - left - lost, dropped };
    return families;
  }

  /** named: families whose names nobody else has, and how many samples the others had. */
  #named(byMetric: ReadonlyMap<string, Gathered<T>>): { families: Family<T>[]; lost: number } {
    const families: Family<T>[] = [];
    const taken = new Set<string>();
    let lost = 0;
    const sorted = [...byMetric].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [metric, { name, kind, parts }] of sorted) {
      const names = this.#namesOf(name, kind);
      if (name.startsWith(reservedPrefix) || names.some((one) => taken.has(one))) {
        lost += parts.reduce((sum, { indices }) => sum + indices.length, 0) * this.#schemas.cost(kind);
        continue;
      }
      for (const one of names) taken.add(one);
      const unit = parts.find((part) => part.unit !== '')?.unit ?? '';
      families.push({
        name,
        kind,
        help: this.#help(metric, unit),
        unit,
        parts: parts.sort((a, b) => a.group - b.group),
      });
    }
    return { families, lost };
  }

  /** namesOf: every family and sample name that a metric takes, in any format. */
  #namesOf(name: string, kind: MetricKind): string[] {
    if (kind === 'gauge') return [name];
    if (kind === 'counter') return this.#options.compatibility ? [name] : [name, `${name}_total`];
    return ['', '_count', '_sum', '_bucket', '_recent', '_distribution'].map((suffix) => name + suffix);
  }

  #help(metric: string, unit: string): string {
    const { descriptions } = this.#options;
    return exportedHelp(Object.hasOwn(descriptions, metric) ? descriptions[metric]! : '', unit);
  }

  /** withoutKnown: the series of `part` that the family has not got from another group. */
  #withoutKnown(part: SchemaPart<T>, family: Gathered<T>): SchemaPart<T> {
    if (family.parts.length === 0) return part;
    const keysOf = (one: SchemaPart<T>) =>
      Array.from(one.indices, (_, position) => this.#schemas.keyOf(one, position));
    family.keys ??= new Set(family.parts.flatMap(keysOf));
    const { keys } = family;
    const isNew = keysOf(part).map((key) => {
      const before = keys.size;
      return keys.add(key).size > before;
    });
    return {
      ...part,
      indices: part.indices.filter((_, position) => isNew[position]),
      encoded: part.encoded.filter((_, position) => isNew[position]),
    };
  }
}

function size(schema: GroupSchema): number {
  return schema.counters.length + schema.gauges.length + schema.histograms.length;
}
