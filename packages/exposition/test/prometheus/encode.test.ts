import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Snapshot } from '@rezolus/core';
import { describe, expect, it } from 'vitest';
import {
  createEncoder,
  defaultOptions,
  type Exposition,
  type OwnFamily,
  type ParsedFamily,
  type PrometheusOptions,
  parseExposition,
} from '../../src/index.ts';
import { histogramOf, snapshotOf } from './snapshots.ts';

const python = fileURLToPath(new URL('../../../../.venv/bin/python', import.meta.url));
const pythonMissing = !existsSync(python);
if (pythonMissing) console.warn('skipped: .venv with prometheus-client is absent; run scripts/setup');

const text: Exposition = { format: 'text', escaping: 'underscores' };
const openMetrics: Exposition = { format: 'openmetrics', escaping: 'underscores' };

interface Answer {
  readonly snapshot: Snapshot | null;
  readonly base?: Snapshot | null;
  readonly options?: Partial<PrometheusOptions>;
  readonly exposition?: Exposition;
  readonly own?: readonly OwnFamily[];
}

function encode({ snapshot, base = null, options = {}, exposition = text, own = [] }: Answer): string {
  return createEncoder(exposition, { ...defaultOptions, ...options })
    .encode(snapshot, base, own)
    .toString();
}

function parsed(answer: Answer): Map<string, ParsedFamily> {
  const format = answer.exposition?.format === 'openmetrics' ? 'openmetrics' : 'text';
  return new Map(parseExposition(encode(answer), format).map((family) => [family.name, family]));
}

const usual = snapshotOf(
  {
    counters: [
      {
        labels: { metric: 'cpu_usage', sampler: 'cpu', unit: 'nanoseconds', id: '0' },
        value: 2n ** 64n - 1n,
      },
      { labels: { metric: 'cpu_usage', sampler: 'cpu', unit: 'nanoseconds', id: '1' }, value: null },
      { labels: { metric: 'syscall', sampler: 'syscall', op: 'read' }, value: 7n },
    ],
    gauges: [{ labels: { metric: 'memory_total', unit: 'bytes', sampler: 'memory' }, value: -5n }],
    histograms: [
      {
        labels: { metric: 'latency', unit: 'nanoseconds', grouping_power: '3', max_value_power: '64' },
        value: histogramOf([0, 1, 1, 100, 1000]),
      },
    ],
  },
  { counters: [{ labels: { metric: 'cpu_usage', sampler: 'cpu', id: '2' }, value: 9n }] },
);

describe('text', () => {
  it('writes HELP and TYPE once per family, exact values, no timestamps and nothing that was not read', () => {
    expect(
      encode({ snapshot: usual, options: { descriptions: { cpu_usage: 'CPU time', syscall: 'a\\b\n"c"' } } }),
    ).toBe(`# HELP cpu_usage_total CPU time [nanoseconds]
# TYPE cpu_usage_total counter
cpu_usage_total{id="0",sampler="cpu"} 18446744073709551615
cpu_usage_total{id="2",sampler="cpu"} 9
# HELP latency in nanoseconds
# TYPE latency histogram
latency_bucket{le="+Inf"} 5
latency_sum 1093
latency_count 5
# HELP memory_total_bytes in bytes
# TYPE memory_total_bytes gauge
memory_total_bytes{sampler="memory"} -5
# HELP syscall_total a\\\\b\\n"c"
# TYPE syscall_total counter
syscall_total{op="read",sampler="syscall"} 7
`);
  });

  it('cuts classic buckets exactly at any grouping power', () => {
    const values = [0, 1, 3, 15, 16, 17, 100, 1000, 2 ** 40];
    const snapshot = snapshotOf({ histograms: [{ labels: { metric: 'h' }, value: histogramOf(values) }] });
    for (const [classicGroupingPower, size] of [65, 128, 252, 496].entries()) {
      const family = parsed({ snapshot, options: { classicGroupingPower } }).get('h')!;
      const buckets = family.samples.filter(({ name }) => name === 'h_bucket');
      expect(buckets).toHaveLength(size);
      for (const { labels, value } of buckets) {
        expect(value).toBe(
          values.filter((one) => one <= Number(labels.le!.replace('+Inf', 'Infinity'))).length,
        );
      }
      expect(family.samples.find(({ name }) => name === 'h_count')!.value).toBe(values.length);
    }
  });

  it('gives quantiles of the window, paired by identity', () => {
    const a = { metric: 'h', op: 'a' };
    const b = { metric: 'h', op: 'b' };
    const base = snapshotOf({ histograms: [{ labels: b, value: histogramOf([5, 5]) }] });
    const snapshot = snapshotOf({
      histograms: [
        { labels: a, value: histogramOf([7]) },
        { labels: b, value: histogramOf([5, 5, 9, 9, 9, 12]) },
      ],
    });
    const { samples } = parsed({ snapshot, base }).get('h_recent')!;
    const of = (op: string) => samples.filter(({ labels }) => labels.op === op).map(({ value }) => value);
    expect(of('a')).toEqual([7, 7, 7, 7, 7]);
    expect(of('b')).toEqual([9, 12, 12, 12, 12]);
    expect(parsed({ snapshot, base: null }).has('h_recent')).toBe(false);
    expect(parsed({ snapshot, base: snapshot }).has('h_recent')).toBe(false);
  });

  it('takes a histogram that went back for a new one', () => {
    const labels = { metric: 'h' };
    const base = snapshotOf({ histograms: [{ labels, value: histogramOf([5, 5]) }] });
    const snapshot = snapshotOf({ histograms: [{ labels, value: histogramOf([8]) }] });
    expect(parsed({ snapshot, base }).get('h_recent')!.samples[0]!.value).toBe(8);
  });

  it('writes names and labels of the original on request', () => {
    const base = snapshotOf({ histograms: [{ labels: { metric: 'latency' }, value: null }] });
    const answer = encode({
      snapshot: usual,
      base,
      options: { compatibility: true, classicGroupingPower: 0 },
      exposition: openMetrics,
    });
    expect(answer).toContain(
      '# TYPE cpu_usage counter\ncpu_usage{id="0",sampler="cpu",unit="nanoseconds"} 184',
    );
    expect(answer).toContain('\n# TYPE latency gauge\nlatency{unit="nanoseconds",percentile="0.5"} 1\n');
    expect(answer).toContain('# TYPE latency_distribution histogram\n');
    expect(answer).toContain('\nmemory_total{sampler="memory",unit="bytes"} -5\n');
    expect(answer).not.toContain('# EOF');
    expect(answer.match(/# TYPE latency gauge/g)).toHaveLength(1);
  });

  it('says only its own where the agent is away', () => {
    const own = [
      { name: 'up', help: 'h', type: 'gauge', samples: [{ suffix: '', labels: {}, value: 0 }] },
    ] as const;
    expect(encode({ snapshot: null, own })).toBe('# HELP up h\n# TYPE up gauge\nup 0\n');
  });
});

describe('which series leave', () => {
  const counters = (metric: string, count: number, extra = {}) =>
    Array.from({ length: count }, (_, i) => ({ labels: { metric, id: String(i), ...extra }, value: 1n }));

  it('drops members of large groups first and counts them', () => {
    const snapshot = snapshotOf({ counters: counters('a', 100) }, { counters: counters('z', 10) });
    const encoder = createEncoder(text, { ...defaultOptions, seriesLimit: 30 });
    expect(encoder.prepare(snapshot)).toEqual({
      exported: 30,
      dropped: { limit: 80, duplicate: 0, name: 0 },
    });
    const families = parseExposition(encoder.encode(snapshot, null, []), 'text');
    expect(families.map(({ name, samples }) => [name, samples.length])).toEqual([
      ['a_total', 20],
      ['z_total', 10],
    ]);
  });

  it('drops duplicates, within a group and across, and clashes of names, and counts them', () => {
    const snapshot = snapshotOf(
      {
        counters: [
          ...counters('a', 3),
          ...counters('b', 2, { extra: 'x' }),
          ...counters('b', 2, { extra: 'y' }),
        ],
      },
      { counters: counters('a', 4), gauges: [{ labels: { metric: 'b' }, value: 1n }] },
      {
        gauges: [
          { labels: { metric: 'h_count' }, value: 1n },
          { labels: {}, value: 1n },
        ],
      },
      { histograms: [{ labels: { metric: 'a_recent' }, value: null }] },
    );
    const encoder = createEncoder(text, { ...defaultOptions, dropLabels: ['extra'] });
    expect(encoder.prepare(snapshot).dropped).toEqual({ limit: 0, duplicate: 5, name: 3 });
  });

  it('follows a schema that changes', () => {
    const encoder = createEncoder(text, defaultOptions);
    const lines = (count: number) =>
      encoder
        .encode(snapshotOf({ counters: counters('a', count) }), null, [])
        .toString()
        .match(/^a/gm)!.length;
    expect([lines(3), lines(5), lines(2), lines(3)]).toEqual([3, 5, 2, 3]);
  });
});

describe('hostile names', () => {
  const nasty = [
    '"',
    '\\',
    '\n',
    '\\n',
    '"} 1\n# TYPE x counter',
    '\u0000',
    '{}',
    '💥',
    '\ud800',
    ' ',
    "'",
    '#',
    '=',
  ];
  const snapshot = snapshotOf({
    counters: nasty.flatMap((bad, i) => [
      { labels: { metric: 'good', name: bad, id: String(i) }, value: BigInt(i) },
      { labels: { metric: `bad${bad}name${i}`, [`l${bad}`]: bad, id: String(i) }, value: BigInt(i) },
    ]),
    gauges: [
      {
        labels: { metric: 'g', __name__: 'x', le: '1', quantile: '2', '0a': 'b', ['__proto__']: 'y' },
        value: 1n,
      },
      { labels: { metric: 'rezolus_exporter_agent_up' }, value: 1n },
    ],
    histograms: nasty.map((bad) => ({ labels: { metric: 'h', name: bad }, value: histogramOf([1]) })),
  });
  const escapings = ['allow-utf-8', 'underscores', 'dots', 'values'] as const;
  const all = (['text', 'openmetrics'] as const).flatMap((format) =>
    escapings.map((escaping) => ({ format, escaping })),
  );

  it.each(all)('come back from the parser as they were: $format $escaping', (exposition) => {
    const families = parsed({ snapshot, exposition });
    const good =
      families.get(exposition.format === 'text' ? 'good_total' : 'good') ?? families.get('good__total');
    const values = (good ?? { samples: [] }).samples.map(({ labels }) => labels.name);
    expect(values.length === nasty.length).toBe(true);
    expect(values).toEqual(nasty.map((bad) => bad.toWellFormed()));
    expect(families.get('h')!.samples.filter(({ name }) => name === 'h_count')).toHaveLength(nasty.length);
    expect(Object.keys(families.get('g')!.samples[0]!.labels)).toContain('exported_le');
    expect(families.has('rezolus_exporter_agent_up')).toBe(false);
    const bad = [...families.values()].filter(({ name }) => /bad/.test(name));
    expect(bad.flatMap(({ samples }) => samples)).toHaveLength(nasty.length);
    for (const { samples } of bad) {
      const value = nasty[samples[0]!.value]!.toWellFormed();
      expect(Object.values(samples[0]!.labels)).toContain(value);
    }
  });

  it.skipIf(pythonMissing)('are OpenMetrics to a strict parser', () => {
    const script =
      'import sys, json\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n' +
      'sys.stdin.reconfigure(encoding="utf-8", newline="\\n")\n' +
      'print(json.dumps({f.name: [f.type, len(f.samples)] for f in parse(sys.stdin.read())}))';
    const read = (answer: Answer) =>
      JSON.parse(
        execFileSync(python, ['-c', script], {
          input: encode({ ...answer, exposition: openMetrics }),
        }).toString(),
      );
    expect(read({ snapshot })).toMatchObject({
      good: ['counter', nasty.length],
      h: ['histogram', 3 * nasty.length],
    });
    expect(read({ snapshot: usual, options: { classicGroupingPower: 3 } })).toMatchObject({
      latency: ['histogram', 498],
      cpu_usage: ['counter', 2],
    });
  });
});
