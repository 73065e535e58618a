import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bucketUpper } from '@rezolus/core/histogram';
import { openRecording, recordingSource } from '@rezolus/recording';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addMatcher, createEngine, type Engine } from '../src/index.ts';

const root = new URL('../../../', import.meta.url);
const python = fileURLToPath(new URL('.venv/bin/python', root));
const demo = fileURLToPath(new URL('../shared/recordings/demo.parquet', root));
const dashboards = new URL('../shared/reference/dashboards.json', root);
const present = existsSync(python) && existsSync(demo) && existsSync(dashboards);
if (!present) console.warn('demo.parquet, dashboards.json or pyarrow absent: no recording is queried');

/** The same numbers by pyarrow: rows of columns, picked by their metadata. */
const oracle = `
import json, sys, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
def columns(metric, **labels):
    for i, field in enumerate(table.schema):
        meta = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
        if meta.get('metric') == metric and all(meta.get(k) == v for k, v in labels.items()):
            yield table.column(i).to_pylist()
def gain(metric, row, **labels):
    return sum(c[row] - c[row - 1] for c in columns(metric, **labels))
def buckets(metric, row, **labels):
    return [sum(x) for x in zip(*([b - a for a, b in zip(c[row - 1], c[row])] for c in columns(metric, **labels)))]
def quantile_bucket(gains, q):
    from math import ceil
    needed, seen = max(1, ceil(q * sum(gains))), 0
    for bucket, count in enumerate(gains):
        seen += count
        if seen >= needed: return bucket
minute = next(columns('syscall', op='read'))[140:201]
times = [t / 1e9 for t in table.column('timestamp').to_pylist()]
elapsed = lambda row: times[row] - times[row - 1]
print(json.dumps({
    'busy': gain('cpu_usage', 100) / elapsed(100) / next(columns('cpu_cores'))[100] / 1e9,
    'cpu3': gain('cpu_usage', 50, id='3') / elapsed(50),
    'p99': quantile_bucket(buckets('syscall_latency', 150), 0.99),
    'count': sum(buckets('syscall_latency', 200)),
    'used': next(columns('memory_total'))[10] - next(columns('memory_available'))[10],
    'increase': (minute[-1] - minute[1]) * 60 / (times[200] - times[141]),
    'most': max(next(columns('memory_available'))[241:301]),
}))
`;

function queries(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(queries);
  const { query, query_total: total } = node as Record<string, unknown>;
  const own = [query, total].filter((each) => typeof each === 'string');
  return [...own, ...Object.values(node).flatMap(queries)];
}

describe.skipIf(!present)('a recording of the original', () => {
  const open = async () => {
    const recording = await openRecording(demo);
    onTestFinished(() => recording.close());
    const source = recordingSource(recording);
    return { source, engine: createEngine(source) };
  };
  const valueAt = async (engine: Engine, query: string, timeMs: number): Promise<number> => {
    const { result } = await engine.queryRange({ query, startMs: timeMs, endMs: timeMs, stepMs: 1000 });
    if (result.kind !== 'matrix') throw new Error(result.kind);
    expect(result.series).toHaveLength(1);
    return result.series[0]!.values[0]!;
  };

  it('gives the numbers that pyarrow gives', async () => {
    const expected = JSON.parse(execFileSync(python, ['-c', oracle, demo], { encoding: 'utf8' }));
    const { engine, source } = await open();
    const at = (query: string, row: number) => valueAt(engine, query, source.startMs + row * 1000);
    expect(await at('sum(irate(cpu_usage[5m])) / cpu_cores / 1000000000', 100)).toBeCloseTo(expected.busy, 6);
    const cpu3 = await at('sum by (id) (irate(cpu_usage{id="3"}[5m]))', 50);
    expect(cpu3 / expected.cpu3).toBeCloseTo(1, 6);
    const shape = { groupingPower: 3, maxValuePower: 64 };
    expect(await at('histogram_quantiles([0.99], syscall_latency)', 150)).toBe(
      Number(bucketUpper(expected.p99, shape)),
    );
    expect(await at('histogram_count(syscall_latency)', 200)).toBe(expected.count);
    expect(await at('memory_total - memory_available', 10)).toBe(expected.used);
    // Rows 141..200 lie in the minute; what they span is extrapolated to all of it.
    const increase = await at('increase(syscall{op="read"}[1m])', 200);
    expect(increase / expected.increase).toBeCloseTo(1, 6);
    expect(await at('max_over_time(memory_available[1m])', 300)).toBe(expected.most);
  });

  it('answers every query of the dashboards', async () => {
    const { engine, source } = await open();
    const { startMs, endMs } = source;
    let answered = 0;
    for (const raw of new Set(queries(JSON.parse(readFileSync(dashboards, 'utf8'))))) {
      const query = raw.replaceAll('__SELECTED_CGROUPS__', '/').replaceAll('{TQ}', 'sum(irate(syscall[5m]))');
      const { result } = await engine.queryRange({ query, startMs, endMs, stepMs: 1000 });
      expect(result.kind).toBe('matrix');
      if (result.kind === 'matrix' && result.series.length > 0) answered++;
    }
    expect(answered).toBeGreaterThan(150);
  });

  it('answers for one node of two', async () => {
    const { engine, source } = await open();
    const query = addMatcher('sum(irate(cpu_usage[5m])) / cpu_cores', { name: 'node', op: '=', value: '' });
    expect(await valueAt(engine, query, source.startMs + 5000)).toBeGreaterThan(0);
  });
});
