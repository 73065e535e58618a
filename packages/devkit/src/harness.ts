import {
  ABI,
  type BpfLoader,
  type HistogramValue,
  type Logger,
  possibleCpus,
  type SampledGroup,
  type SamplerDefinition,
  SamplerRegistry,
  SamplerSet,
  type SamplerStatus,
  silentLogger,
} from '@rezolus/core';
import { createBpfLoader } from '@rezolus/libbpf';
import { loadPlugin } from './plugin.ts';

/** HarnessOptions: with which options the samplers run; all are enabled by default. */
export interface HarnessOptions {
  readonly options?: Readonly<Record<string, Readonly<Record<string, boolean | number | string>>>>;
  /** Kinds of hooks to do without, as if the kernel lacked them: `tp_btf`, `raw_tp`, `fentry`, `fexit`, `kprobe`. */
  readonly without?: readonly string[];
  readonly logger?: Logger;
  /** Default: libbpf of this machine. */
  readonly bpf?: BpfLoader;
}

type LabelFilter = Readonly<Record<string, string>>;

/**
 * Harness: samplers running against this kernel without an agent, for tests of plugins. `refresh` first, then read.
 */
export class Harness implements AsyncDisposable {
  readonly #set: SamplerSet;

  private constructor(set: SamplerSet) {
    this.#set = set;
  }

  /** start: runs the given samplers as one plugin. A sampler that does not start is seen in `status`. */
  static async start(
    definitions: readonly SamplerDefinition[],
    options: HarnessOptions = {},
  ): Promise<Harness> {
    const registry = new SamplerRegistry();
    const samplers = definitions.map(({ name }) => name);
    const registrar = registry.for({ name: 'under-test', version: '0.0.0', abi: 1, samplers, builtIn: true });
    for (const definition of definitions) registrar.add(definition);
    return Harness.#start(registry, options);
  }

  /**
   * startPlugin: runs the samplers of the built package in `folder` as an agent finds them: by its package.json and its
   * hook. Throws REZ_ERR_PLUGIN_LOAD where there is no such package or its hook fails.
   */
  static async startPlugin(folder: string, options: HarnessOptions = {}): Promise<Harness> {
    const { manifest, hook } = await loadPlugin(folder);
    const registry = new SamplerRegistry();
    if (registry.accepts(manifest)) await hook({ registrar: registry.for(manifest), abi: ABI });
    return Harness.#start(registry, options);
  }

  static async #start(registry: SamplerRegistry, options: HarnessOptions): Promise<Harness> {
    const logger = options.logger ?? silentLogger;
    const set = await SamplerSet.start({
      ...registry.resolve(),
      settings: ({ definition }) => ({
        enabled: true,
        options: options.options?.[definition.name] ?? {},
      }),
      possibleCpus: possibleCpus(),
      logger: () => logger,
      bpf: () => options.bpf ?? createBpfLoader(logger, options.without),
    });
    return new Harness(set);
  }

  refresh(): Promise<void> {
    return this.#set.refresh();
  }

  /** status: the state of one sampler. Throws where there is none of that name. */
  status(sampler: string): SamplerStatus {
    const status = this.#set.status().find(({ name }) => name === sampler);
    if (status === undefined) throw new Error(`no sampler ${sampler}`);
    return status;
  }

  /** statuses: the state of every sampler. */
  statuses(): readonly SamplerStatus[] {
    return this.#set.status();
  }

  /** groups: what every sampler read at the last refresh. */
  groups(): readonly SampledGroup[] {
    return this.#set.groups();
  }

  /** sum: all counters and gauges of a metric whose labels match, added up. Throws where no series matches. */
  sum(metric: string, labels: LabelFilter = {}): number {
    let total = 0n;
    let found = 0;
    for (const group of this.#set.groups()) {
      for (const [kind, values] of [
        ['counters', group.counters],
        ['gauges', group.gauges],
      ] as const) {
        for (const [index, series] of group.schema[kind].entries()) {
          if (!matches(series.labels, metric, labels)) continue;
          total += values[index]!;
          found++;
        }
      }
    }
    if (found === 0) throw new Error(`no series ${metric}${JSON.stringify(labels)}`);
    return Number(total);
  }

  /** labels: the label sets of all series of a metric. */
  labels(metric: string): LabelFilter[] {
    return this.#set
      .groups()
      .flatMap(({ schema }) =>
        [...schema.counters, ...schema.gauges, ...schema.histograms]
          .filter((series) => series.labels.metric === metric)
          .map((series) => series.labels),
      );
  }

  /** entries: how many values the matching histograms hold. */
  entries(metric: string, labels: LabelFilter = {}): number {
    let total = 0n;
    for (const histogram of this.#histograms(metric, labels))
      for (const count of histogram.buckets) total += count;
    return Number(total);
  }

  /** buckets: the matching histograms merged, bucket by bucket. */
  buckets(metric: string, labels: LabelFilter = {}): number[] {
    const merged: number[] = [];
    for (const histogram of this.#histograms(metric, labels)) {
      for (const [index, count] of histogram.buckets.entries())
        merged[index] = (merged[index] ?? 0) + Number(count);
    }
    return merged;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#set[Symbol.asyncDispose]();
  }

  #histograms(metric: string, labels: LabelFilter): HistogramValue[] {
    return this.#set
      .groups()
      .flatMap((group) =>
        group.histograms.filter(
          (histogram, index): histogram is HistogramValue =>
            histogram !== null && matches(group.schema.histograms[index]!.labels, metric, labels),
        ),
      );
  }
}

function matches(series: LabelFilter, metric: string, labels: LabelFilter): boolean {
  return series.metric === metric && Object.entries(labels).every(([key, value]) => series[key] === value);
}
