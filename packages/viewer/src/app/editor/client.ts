import type { PrometheusClient } from '@prometheus-io/codemirror-promql/dist/esm/client/prometheus.js';
import type { Metric } from '../lib/catalog.ts';
import { loadCatalog } from '../state/catalog.ts';

/** catalogClient: what the editor asks for names, answered from the catalog of a capture, which is read once. */
export function catalogClient(capture: () => string | undefined): PrometheusClient {
  let of: string | undefined | null = null;
  let known: Promise<readonly Metric[]> = Promise.resolve([]);
  const catalog = () => {
    const now = capture();
    if (now !== of) {
      of = now;
      // An editor without completion is still an editor.
      known = loadCatalog(now).catch(() => []);
    }
    return known;
  };
  const those = async (name?: string) => {
    const metrics = await catalog();
    return name ? metrics.filter((metric) => metric.name === name) : metrics;
  };
  const unique = (all: readonly string[]) => [...new Set(all)].sort();
  return {
    labelNames: async (name) => unique((await those(name)).flatMap(({ labels }) => Object.keys(labels))),
    labelValues: async (label, name) => {
      if (label === '__name__') return (await those()).map((metric) => metric.name);
      return unique((await those(name)).flatMap(({ labels }) => labels[label] ?? []));
    },
    metricMetadata: async () =>
      Object.fromEntries((await those()).map(({ name, kind, help }) => [name, [{ type: kind, help }]])),
    series: async () => [],
    metricNames: async () => (await those()).map(({ name }) => name),
    flags: async () => ({}),
  };
}
