import type { HistogramValue, MetricKind, Snapshot, SnapshotGroup } from '@rezolus/core';
import { bucketMidpoints, classicLayout } from './classic.ts';
import { type Escaping, escapeHelp, escapeValue, isClassicLabel, isClassicName } from './names.ts';
import type { ExportCounts, OwnFamily, PrometheusOptions } from './options.ts';
import { type Family, Planner } from './plan.ts';
import { counts, quantiles } from './quantiles.ts';
import type { LabelPairs } from './schema-plan.ts';
import { exactSum } from './sums.ts';
import { WindowReader } from './window.ts';

/** TextEncoder: snapshots as text 0.0.4 or OpenMetrics 1.0.0. Keeps what depends on schemas alone between calls. */
export class PrometheusTextEncoder {
  readonly #openMetrics: boolean;
  readonly #options: PrometheusOptions;
  readonly #planner: Planner<string>;
  #scratch = new Float64Array(0);
  #cumulative = new Float64Array(0);

  constructor(format: 'text' | 'openmetrics', escaping: Escaping, options: PrometheusOptions) {
    this.#openMetrics = format === 'openmetrics';
    this.#options = options;
    const buckets =
      options.classicGroupingPower === null
        ? 1
        : classicLayout({ groupingPower: 3, maxValuePower: 64 }, options.classicGroupingPower).count;
    const perHistogram = buckets + 2 + (options.quantiles ? quantiles.length : 0);
    this.#planner = new Planner(options, escaping, perHistogram, (name, labels, kind) =>
      this.#encodeSeries(name, labels, kind),
    );
  }

  /** prepare: what an answer from this snapshot will hold and leave out. */
  prepare(snapshot: Snapshot): ExportCounts {
    this.#planner.plan(snapshot);
    return this.#planner.counts;
  }

  /** usesWindow: whether answers depend on the base snapshot. */
  get usesWindow(): boolean {
    return this.#options.quantiles;
  }

  /**
   * encode: one answer. `base` is the snapshot where the window of quantiles begins, null for none. `snapshot` null is
   * an agent that is away: only `own` is written. Samples have no timestamps.
   */
  encode(snapshot: Snapshot | null, base: Snapshot | null, own: readonly OwnFamily[]): Buffer {
    let text = own.map((family) => this.#own(family)).join('');
    if (snapshot !== null) {
      const window = new WindowReader(snapshot, base);
      for (const family of this.#planner.plan(snapshot))
        text += this.#family(family, snapshot.groups, window);
    }
    return Buffer.from(this.#openMetrics ? `${text}# EOF\n` : text);
  }

  #head(name: string, type: string, help: string): string {
    const shown = isClassicName(name) ? name : `"${escapeValue(name)}"`;
    const escaped = this.#openMetrics ? escapeValue(help) : escapeHelp(help);
    return `${help === '' ? '' : `# HELP ${shown} ${escaped}\n`}# TYPE ${shown} ${type}\n`;
  }

  #own({ name, help, type, samples }: OwnFamily): string {
    const family = this.#openMetrics && type === 'counter' ? name.replace(/_total$/, '') : name;
    let text = this.#head(family, type, help);
    for (const { suffix, labels, value } of samples) {
      const pairs = Object.entries(labels).map(
        ([key, label]) => [key, key === 'le' ? this.#bound(String(label)) : String(label)] as const,
      );
      text += `${sampleName(name + suffix, bodyOf(pairs))} ${floatText(value)}\n`;
    }
    return text;
  }

  /** encodeSeries: what does not change of a series: `name{labels} ` of a scalar, the labels of a histogram. */
  #encodeSeries(name: string, labels: LabelPairs, kind: MetricKind): string {
    const body = bodyOf(labels);
    if (kind === 'histogram') return body;
    const suffix = kind === 'counter' && !this.#options.compatibility ? '_total' : '';
    return `${sampleName(name + suffix, body)} `;
  }

  #family(family: Family<string>, groups: readonly SnapshotGroup[], window: WindowReader): string {
    if (family.kind === 'histogram') return this.#histograms(family, groups, window);
    const counter = family.kind === 'counter';
    const inName = counter && !this.#openMetrics && !this.#options.compatibility;
    const head = this.#head(inName ? `${family.name}_total` : family.name, family.kind, family.help);
    let text = '';
    for (const { group: position, indices, encoded } of family.parts) {
      const group = groups[position]!;
      const values = counter ? group.counters : group.gauges;
      const present = counter ? group.countersPresent : group.gaugesPresent;
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        if (present === null || present[index] === 1) text += `${encoded[i]!}${values[index]!}\n`;
      }
    }
    return text === '' ? '' : head + text;
  }

  #histograms(family: Family<string>, groups: readonly SnapshotGroup[], window: WindowReader): string {
    const { compatibility, classicGroupingPower, quantiles: windows } = this.#options;
    const { name, help } = family;
    let buckets = '';
    let recent = '';
    for (const { group, indices, encoded } of family.parts) {
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i]!;
        const value = groups[group]!.histograms[index];
        if (value === null || value === undefined || value.config.groupingPower > 8) continue;
        if (windows) recent += this.#quantiles(name, encoded[i]!, window.quantiles(group, index));
        if (compatibility && classicGroupingPower === null) continue;
        const full = compatibility ? `${name}_distribution` : name;
        buckets += this.#buckets(full, encoded[i]!, value, exactSum(groups[group]!, index));
      }
    }
    if (compatibility) {
      if (recent !== '') recent = this.#head(name, 'gauge', help) + recent;
      return recent + (buckets === '' ? '' : this.#head(`${name}_distribution`, 'histogram', help) + buckets);
    }
    const explained = `${help === '' ? name : help}, of values since the last scrape by the same scraper`;
    if (recent !== '') recent = this.#head(`${name}_recent`, 'summary', explained) + recent;
    return (buckets === '' ? '' : this.#head(name, 'histogram', help) + buckets) + recent;
  }

  #quantiles(name: string, body: string, values: readonly bigint[] | null): string {
    if (values === null) return '';
    const { compatibility } = this.#options;
    let text = '';
    quantiles.forEach((quantile, i) => {
      const label = `${compatibility ? 'percentile' : 'quantile'}="${quantile}"`;
      const full = compatibility ? name : `${name}_recent`;
      text += `${sampleName(full, joined(body, label))} ${values[i]!}\n`;
    });
    return text;
  }

  #buckets(name: string, body: string, value: HistogramValue, exact: bigint | null): string {
    const { target, bounds, count } = classicLayout(value.config, this.#options.classicGroupingPower);
    const length = value.buckets.length;
    if (this.#scratch.length < length) this.#scratch = new Float64Array(length);
    if (this.#cumulative.length < count) this.#cumulative = new Float64Array(count);
    const own = counts(value, this.#scratch);
    const middles = bucketMidpoints(value.config);
    const coarse = this.#cumulative.fill(0, 0, count);
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const here = own[i]!;
      if (here === 0) continue;
      coarse[target[i]!]! += here;
      sum += here * middles[i]!;
    }
    const prefix = sampleName(`${name}_bucket`, joined(body, 'le="')).slice(0, -1);
    let text = '';
    let total = 0;
    for (let i = 0; i < count; i++) {
      total += coarse[i]!;
      text += `${prefix}${i === count - 1 ? '+Inf' : this.#bound(String(bounds[i]!))}"} ${total}\n`;
    }
    return `${text}${sampleName(`${name}_sum`, body)} ${exact ?? floatText(sum)}\n${sampleName(`${name}_count`, body)} ${total}\n`;
  }

  /** bound: OpenMetrics wants a float in `le`. */
  #bound(text: string): string {
    return this.#openMetrics && /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
}

/** bodyOf: labels between the braces. */
function bodyOf(labels: LabelPairs): string {
  return labels
    .map(
      ([name, value]) => `${isClassicLabel(name) ? name : `"${escapeValue(name)}"`}="${escapeValue(value)}"`,
    )
    .join(',');
}

function joined(body: string, label: string): string {
  return body === '' ? label : `${body},${label}`;
}

/** sampleName: name and labels; a name of another alphabet goes quoted into the braces. */
function sampleName(name: string, body: string): string {
  if (isClassicName(name)) return body === '' ? name : `${name}{${body}}`;
  return `{${joined(`"${escapeValue(name)}"`, body).replace(/,$/, '')}}`;
}

/** floatText: a double as the formats write it. */
function floatText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
