import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openRecording, recordingSource } from '@rezolus/recording';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../src/index.ts';

const root = new URL('../../../', import.meta.url);
const python = fileURLToPath(new URL('.venv/bin/python', root));
const folder = fileURLToPath(new URL('../shared/recordings/', root));
const original = new URL('../shared/reference/dashboards.json', root);
const own = new URL('packages/viewer/dashboards/', root);
const present = existsSync(folder) && existsSync(original);
if (!present) console.warn('recordings or dashboards.json absent: no dashboard is evaluated');
if (!existsSync(python)) console.warn('pyarrow absent: the numbers of dashboards are not checked');

/** Every query below a node of a dashboard, with the placeholders filled in. */
function queriesOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap(queriesOf);
  const { query, query_total: total, style, type } = node as Record<string, unknown>;
  const texts = [query, total].filter((each) => typeof each === 'string');
  const filled = texts.map((text) =>
    text.replaceAll('__SELECTED_CGROUPS__', '/').replaceAll('{TQ}', 'sum(irate(syscall[5m]))'),
  );
  // Of a bare histogram the viewer asks for quantiles and a heatmap.
  const shown = filled.flatMap((text) =>
    style === 'percentiles' || type === 'histogram'
      ? [
          text,
          `histogram_quantiles([0.5, 0.9, 0.99, 0.999, 0.9999], ${text})`,
          `histogram_heatmap(${text}, 5s)`,
        ]
      : [text],
  );
  return [
    ...shown.filter((text) => !/\(histogram_\w+\(.*, 5s\)/.test(text)),
    ...Object.values(node).flatMap(queriesOf),
  ];
}

const recordings = present ? readdirSync(folder).filter((name) => name.endsWith('.parquet')) : [];
const dashboards = present
  ? [original, ...readdirSync(own).map((name) => new URL(name, own))].map((url) =>
      JSON.parse(readFileSync(url, 'utf8')),
    )
  : [];
const queries = [...new Set(dashboards.flatMap(queriesOf))];

describe.skipIf(!present)('every query of the dashboards, the original ones and ours', () => {
  it('are all there', () => {
    expect(queries.length).toBeGreaterThan(400);
    expect(recordings.length).toBeGreaterThan(5);
  });

  it.each(recordings)('evaluates on %s', async (name) => {
    await using recording = await openRecording(folder + name);
    const source = recordingSource(recording);
    const engine = createEngine(source);
    const { startMs, endMs } = source;
    let answered = 0;
    for (const query of queries) {
      const { result } = await engine
        .queryRange({ query, startMs, endMs, stepMs: 1000 })
        .catch((error: Error) => {
          throw new Error(`${query}: ${error.message}`, { cause: error });
        });
      if (
        result.kind === 'buckets'
          ? result.counts.length > 0
          : result.kind === 'matrix' && result.series.length > 0
      )
        answered++;
    }
    expect(answered).toBeGreaterThan(queries.length / 5);
  });
});

/** Rows of columns by pyarrow, picked by their metadata; [row] is compared, gains are from the row before. */
const oracle = `
import json, math, sys, pyarrow.parquet as pq
table = pq.read_table(sys.argv[1])
row = int(sys.argv[2])
times = [t / 1e9 for t in table.column('timestamp').to_pylist()]
elapsed = times[row] - times[row - 1]
def columns(metric, **labels):
    found = []
    for i, field in enumerate(table.schema):
        meta = {k.decode(): v.decode() for k, v in (field.metadata or {}).items()}
        if meta.get('metric') == metric and all(meta.get(k) == v for k, v in labels.items()):
            found.append((meta, table.column(i).to_pylist()))
    return found
def rate(metric, **labels):
    return sum(c[row] - c[row - 1] for _, c in columns(metric, **labels)) / elapsed
def gauge(metric, **labels):
    return sum(c[row] for _, c in columns(metric, **labels))
def gains(metric, **labels):
    return [sum(x) for x in zip(*([b - a for a, b in zip(c[row - 1], c[row])] for _, c in columns(metric, **labels)))]
def edge(bucket, p=3):
    if bucket < 2 ** (p + 1): return bucket
    octave = bucket >> p
    return (1 << (octave + p - 1)) + (bucket - (octave << p)) * (1 << (octave - 1))
middle = lambda bucket: (edge(bucket) + edge(bucket + 1) - 1) / 2
def total(metric, **labels):
    return sum(n * middle(b) for b, n in enumerate(gains(metric, **labels)))
def quantile(metric, q, **labels):
    counts = gains(metric, **labels)
    needed, seen = max(1, math.ceil(q * sum(counts))), 0
    for bucket, n in enumerate(counts):
        seen += n
        if seen >= needed: return edge(bucket + 1) - 1
print(json.dumps([
    rate('cpu_usage') / gauge('cpu_cores') / 1e9,
    rate('cpu_usage', state='user') / gauge('cpu_cores') / 1e9,
    rate('cpu_usage', id='1') / 1e9,
    rate('syscall'),
    rate('syscall', op='read'),
    rate('softirq', kind='timer'),
    rate('softirq_time', kind='sched') / gauge('cpu_cores') / 1e9,
    gauge('memory_total') - gauge('memory_available'),
    (gauge('memory_total') - gauge('memory_available')) / gauge('memory_total'),
    quantile('syscall_latency', 0.99),
    quantile('scheduler_runqueue_latency', 0.5),
    total('scheduler_runqueue_latency'),
    total('syscall_latency', op='read') / sum(gains('syscall_latency', op='read')),
]))
`;

const checked = [
  'sum(irate(cpu_usage[5m])) / cpu_cores / 1000000000',
  'sum(irate(cpu_usage{state="user"}[5m])) / cpu_cores / 1000000000',
  'sum by (id) (irate(cpu_usage{id="1"}[5m])) / 1000000000',
  'sum(irate(syscall[5m]))',
  'sum(irate(syscall{op="read"}[5m]))',
  'sum(irate(softirq{kind="timer"}[5m]))',
  'sum(irate(softirq_time{kind="sched"}[5m])) / cpu_cores / 1000000000',
  'memory_total - memory_available',
  '(memory_total - memory_available) / memory_total',
  'histogram_quantiles([0.99], syscall_latency)',
  'histogram_quantiles([0.5], scheduler_runqueue_latency)',
  'histogram_sum(scheduler_runqueue_latency)',
  'histogram_mean(syscall_latency{op="read"})',
];

describe.skipIf(!present || !existsSync(python))('the numbers of dashboards are those of pyarrow', () => {
  it.each([
    ['demo.parquet', 150],
    ['rezolus-180s.parquet', 100],
  ])('on %s', async (name, row) => {
    const expected = JSON.parse(
      execFileSync(python, ['-c', oracle, folder + name, String(row)], { encoding: 'utf8' }),
    ) as number[];
    await using recording = await openRecording(folder + name);
    const source = recordingSource(recording);
    const engine = createEngine(source);
    const timeMs = source.startMs + row * 1000;
    for (const [i, query] of checked.entries()) {
      const { result } = await engine.queryRange({ query, startMs: timeMs, endMs: timeMs, stepMs: 1000 });
      if (result.kind !== 'matrix') throw new Error(result.kind);
      expect(result.series.length, query).toBe(1);
      const value = result.series[0]!.values[0]!;
      // Row times are kept in ms as doubles: good to a quarter of a microsecond in a second.
      if (expected[i] === 0) expect(value, query).toBe(0);
      else expect(value / expected[i]!, query).toBeCloseTo(1, 6);
    }
  });
});
