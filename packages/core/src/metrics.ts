/** MetricKind: counter = u64 that only grows, gauge = i64, histogram = H2 buckets of u64. */
export type MetricKind = 'counter' | 'gauge' | 'histogram';

/** Entity: what a group has one member of per series; `host` = a single value for the machine. */
export type Entity = 'host' | 'cpu' | 'cgroup' | 'task' | 'device';

/** MetricDeclaration: one series (or one per entity) of a sampler. Two declarations may share a name and differ in labels. */
export interface MetricDeclaration {
  readonly name: string;
  readonly kind: MetricKind;
  /** A sentence for `/metrics/descriptions` and `docs/metrics.md`. */
  readonly description: string;
  /** Unit as the original names it: nanoseconds, bytes, operations, packets, … */
  readonly unit?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * withSums: histograms whose sampler also counts the exact sum of their values: for each a counter `<name>_sum`, of the
 * same unit and labels, after all of them.
 */
export function withSums(histograms: readonly MetricDeclaration[]): MetricDeclaration[] {
  const sums = histograms.map((histogram) => ({
    ...histogram,
    name: `${histogram.name}_sum`,
    kind: 'counter' as const,
    description: `Sum of all values of ${histogram.name}`,
  }));
  return [...histograms, ...sums];
}

/** GroupDeclaration: metrics that are read together and share one acquisition window. */
export interface GroupDeclaration {
  /** Last part of the wire name `<sampler>/<name>`. */
  readonly name: string;
  readonly per: Entity;
  readonly metrics: readonly MetricDeclaration[];
}

/** Member: one entity of a group: its numeric id on the wire and the labels that name it. */
export interface Member {
  readonly id: number;
  readonly labels: Readonly<Record<string, string>>;
}
