import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../src/index.ts';
import { parse } from '../src/parse.ts';
import { selectorsOf } from '../src/selectors.ts';
import { ArraySource } from './memory-source.ts';

const file = new URL('../../../../shared/reference/dashboards.json', import.meta.url);
const present = existsSync(file);
if (!present) console.warn('dashboards.json absent: its queries are not evaluated');

interface Plot {
  readonly query: string;
  readonly type: string;
}

/** Every query of every plot, with the placeholders filled in. */
function plots(node: unknown): Plot[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(plots);
  const own = node as Record<string, unknown>;
  const queries = [own.query, own.query_total].filter((query) => typeof query === 'string');
  const fill = (query: string) =>
    query.replaceAll('__SELECTED_CGROUPS__', '/a|/b').replaceAll('{TQ}', 'sum(irate(service_requests[5m]))');
  return [
    ...queries.map((query) => ({ query: fill(query), type: String(own.type) })),
    ...Object.values(own).flatMap(plots),
  ];
}

/** A source that has every metric of the queries, four samples each, with all labels that are asked for. */
function sourceFor(queries: readonly Plot[]): ArraySource {
  const labelsOf = new Map<
    string,
    { kind: 'counter' | 'gauge' | 'histogram'; sets: Map<string, Record<string, string>> }
  >();
  for (const { query } of queries) {
    for (const { matchers } of selectorsOf(parse(query))) {
      const name = matchers.find((matcher) => matcher.name === '__name__')!.value;
      const isRate = new RegExp(`rate\\(${name}\\b`).test(query) && !query.includes('histogram_');
      const isHistogram = query.startsWith('histogram_') || query.includes('(histogram_');
      const kind = isHistogram ? 'histogram' : isRate ? 'counter' : 'gauge';
      const known = labelsOf.get(name) ?? { kind, sets: new Map() };
      if (isHistogram) known.kind = 'histogram';
      const labels = Object.fromEntries(
        matchers
          .filter(({ name }) => name !== '__name__')
          .map(({ name, op, value }) => [name, op === '!~' ? '/c' : value.split('|')[0]!]),
      );
      for (const label of ['id', 'sampler', 'name', 'op', 'error'])
        if (query.includes(`by (${label})`)) labels[label] ??= 'x';
      known.sets.set(JSON.stringify(labels), labels);
      labelsOf.set(name, known);
    }
  }
  const source = new ArraySource(1000);
  for (const [metric, { kind, sets }] of labelsOf)
    for (const labels of sets.values()) {
      // As our agent has it: the sampler is a label, by which cpu_cores differs from what is divided by it.
      const all = { sampler: metric === 'cpu_cores' ? metric : metric.split('_')[0]!, ...labels };
      if (kind === 'histogram') source.observations(metric, all, [[1], [5, 5000], [700], [1, 2, 3]]);
      else source.floats(kind, metric, all, [10, 20, 40, 80]);
    }
  return source;
}

describe.skipIf(!present)("the dashboards' queries", () => {
  const all = present ? plots(JSON.parse(readFileSync(file, 'utf8'))) : [];
  const queries = [...new Map(all.map((plot) => [plot.query, plot])).values()];
  const source = sourceFor(queries);
  const engine = createEngine(source);
  const ask = (query: string) => engine.queryRange({ query, startMs: 0, endMs: 3000, stepMs: 1000 });

  it('are all there', () => {
    expect(queries.length).toBeGreaterThan(300);
  });

  it('all give samples', async () => {
    const empty: string[] = [];
    for (const { query } of queries) {
      const { result } = await ask(query);
      expect(result.kind).toBe('matrix');
      if (result.kind === 'matrix' && result.series.length === 0) empty.push(query);
    }
    expect(empty).toEqual([]);
  });

  it('load once each', async () => {
    source.loads = 0;
    await ask('sum(irate(cpu_usage[5m])) / cpu_cores / 1000000000');
    expect(source.loads).toBe(1);
  });

  it('of histograms give quantiles and heatmaps', async () => {
    for (const { query, type } of queries) {
      if (type !== 'histogram' || query.includes('(')) continue;
      const quantiles = await ask(`histogram_quantiles([0.5, 0.9, 0.99, 0.999, 0.9999], ${query})`);
      expect(quantiles.result).toMatchObject({ kind: 'matrix' });
      const heatmap = await ask(`histogram_heatmap(${query}, 2)`);
      expect(heatmap.result).toMatchObject({ kind: 'buckets' });
    }
  });
});
