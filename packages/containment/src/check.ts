import {
  defaultHistogram,
  type GroupDeclaration,
  type GroupSchema,
  type HistogramValue,
  type MetricDeclaration,
  type MetricKind,
  RezolusError,
  type SampledGroup,
  type SeriesSchema,
  type SnapshotGroup,
} from '@rezolus/core';
import type { Described } from './messages.ts';

const maxLabels = 32;
const labelKey = /^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/;
const maxLabelLength = 512;

/** CheckOptions: what a plugin said that it has. */
export interface CheckOptions {
  readonly plugin: string;
  readonly definitions: readonly Described[];
  readonly maxSeries: number;
}

/** Checked: the groups of each sampler, and how many values could not be right and are absent. */
export interface Checked {
  readonly checked: Map<string, SampledGroup[]>;
  readonly rejected: number;
}

interface Declared {
  readonly sampler: string;
  readonly group: GroupDeclaration;
  /** Number of its first metric on the wire, as the agent counts; null until the agent has taken the sampler in. */
  firstIndex: number | null;
}

interface Known {
  readonly schema: GroupSchema;
  /** The counters and buckets of the last snapshot. */
  counters: BigUint64Array;
  histograms: readonly (HistogramValue | null)[];
}

/**
 * SnapshotCheck: compares what a plugin sends with what it registered. A group or series that was not declared, or is of
 * another kind, or too many of them: REZ_ERR_PLUGIN_DATA or _LIMIT, and nothing of the snapshot is used. A counter or
 * histogram that went back is absent from this one snapshot. What is used bears the agent's names: the label `sampler`
 * and the numbers of the series are its own.
 */
export class SnapshotCheck {
  readonly #options: CheckOptions;
  readonly #declared = new Map<string, Declared>();
  /** By the schema as it was sent; the decoder hands out the same object while it does not change. */
  readonly #known = new WeakMap<GroupSchema, Known>();

  constructor(options: CheckOptions) {
    this.#options = options;
    for (const { name: sampler, groups } of options.definitions) {
      for (const group of groups)
        this.#declared.set(`${sampler}/${group.name}`, { sampler, group, firstIndex: null });
    }
  }

  /** expect: takes a sampler in, whose groups are left out until then; `firstIndex` numbers a group's first metric. */
  expect(sampler: string, firstIndex: (group: string) => number): void {
    for (const declared of this.#declared.values()) {
      if (declared.sampler === sampler) declared.firstIndex = firstIndex(declared.group.name);
    }
  }

  check(groups: readonly SnapshotGroup[]): Checked {
    const { plugin, maxSeries } = this.#options;
    const checked = new Map<string, SampledGroup[]>();
    let rejected = 0;
    let series = 0;
    const seen = new Set<string>();
    for (const group of groups) {
      const declared = this.#declared.get(group.name);
      if (declared === undefined || seen.has(group.name))
        throw this.#lie(`sent the group ${show(group.name)}`);
      seen.add(group.name);
      if (declared.firstIndex === null) continue;
      if (group.schema === null) throw this.#lie(`sent ${group.name} without its schema`);
      series += group.counters.length + group.gauges.length + group.histograms.length;
      if (series > maxSeries)
        throw new RezolusError('REZ_ERR_PLUGIN_LIMIT', `${plugin} has more than ${maxSeries} series`);
      if (group.window !== null && group.window.endNs < group.window.beginNs)
        throw this.#lie(`sent ${group.name} with a window that ends before it begins`);
      const { value, back } = this.#checkValues(group, group.schema, declared);
      rejected += back;
      const ofSampler = checked.get(declared.sampler) ?? [];
      ofSampler.push(value);
      checked.set(declared.sampler, ofSampler);
    }
    return { checked, rejected };
  }

  #checkValues(group: SnapshotGroup, sent: GroupSchema, declared: Declared) {
    let known = this.#known.get(sent);
    const isNew = known === undefined;
    if (known === undefined) {
      known = { schema: this.#checkSchema(sent, declared), counters: group.counters, histograms: [] };
      this.#known.set(sent, known);
    }
    let back = 0;
    let countersPresent = group.countersPresent;
    const histograms = [...group.histograms];
    for (const histogram of histograms) {
      if (histogram !== null && histogram.config.groupingPower !== defaultHistogram.groupingPower)
        throw this.#lie(`sent ${group.name} with a histogram of another size`);
    }
    if (!isNew) {
      for (const [index, before] of known.counters.entries()) {
        if (group.counters[index]! >= before || countersPresent?.[index] === 0) continue;
        countersPresent ??= new Uint8Array(group.counters.length).fill(1);
        countersPresent[index] = 0;
        back++;
      }
      for (const [index, before] of known.histograms.entries()) {
        const now = histograms[index] ?? null;
        if (before === null || now === null || now.buckets.every((count, i) => count >= before.buckets[i]!))
          continue;
        histograms[index] = null;
        back++;
      }
    }
    known.counters = group.counters;
    known.histograms = group.histograms;
    const value = { ...group, schema: known.schema, schemaHash: null, countersPresent, histograms };
    return { value, back };
  }

  #checkSchema(sent: GroupSchema, declared: Declared): GroupSchema {
    const names = new Set<string>();
    const check = (kind: MetricKind, series: readonly SeriesSchema[]) =>
      series.map((one) => {
        const checked = this.#checkSeries(kind, one, declared);
        if (names.has(checked.name)) throw this.#lie(`sent a series of ${declared.sampler} twice`);
        names.add(checked.name);
        return checked;
      });
    return {
      counters: check('counter', sent.counters),
      gauges: check('gauge', sent.gauges),
      histograms: check('histogram', sent.histograms),
    };
  }

  #checkSeries(kind: MetricKind, { name, labels }: SeriesSchema, declared: Declared): SeriesSchema {
    const { sampler, group, firstIndex } = declared;
    const position = group.metrics.findIndex((metric) => metric.kind === kind && bears(labels, metric));
    const metric = group.metrics[position];
    if (metric === undefined)
      throw this.#lie(`sent the ${kind} ${show(labels.metric)}, which ${sampler} does not declare`);
    const member = /^\d+(x\d{1,15})?$/.exec(name);
    if (member === null) throw this.#lie(`sent a series of ${sampler} with the name ${show(name)}`);
    const entries = Object.entries(labels);
    if (entries.length > maxLabels) throw this.#lie(`sent ${metric.name} with ${entries.length} labels`);
    for (const [key, value] of entries) {
      if (!labelKey.test(key)) throw this.#lie(`sent ${metric.name} with the label ${show(key)}`);
      if (value.length > maxLabelLength)
        throw this.#lie(`sent ${metric.name} with a label ${key} of ${value.length} characters`);
    }
    const clean = entries.map(([key, value]) => [key, value.replace(/\p{Cc}/gu, '\ufffd')] as const);
    return {
      name: `${firstIndex! + position}${member[1] ?? ''}`,
      labels: { ...Object.fromEntries(clean), sampler },
    };
  }

  #lie(what: string): RezolusError {
    return new RezolusError('REZ_ERR_PLUGIN_DATA', `${this.#options.plugin} ${what}`);
  }
}

/** bears: whether a series has the name, the unit and the labels of a declaration. */
function bears(labels: Readonly<Record<string, string>>, metric: MetricDeclaration): boolean {
  return (
    labels.metric === metric.name &&
    (metric.unit === undefined || labels.unit === metric.unit) &&
    Object.entries(metric.labels ?? {}).every(([key, value]) => labels[key] === value)
  );
}

function show(text: unknown): string {
  return JSON.stringify(String(text).slice(0, 80));
}
