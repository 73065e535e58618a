import { createEngine } from '@rezolus/query';
import { expect, it } from 'vitest';
import { ArraySource } from '../../packages/query/test/memory-source.ts';
import { type MatrixSeries, Prometheus, prometheusVersion } from '../support/prometheus.ts';
import type { RemoteSeries } from '../support/remote-write.ts';

const version = prometheusVersion();
if (version === null) console.warn('prometheus absent: PromQL is not compared with it');

let state = 19_088_743;
const random = (below: number): number => {
  state = (state * 48_271) % 2_147_483_647;
  return state % below;
};
const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;

const startS = 1_700_000_000;
const rows = 180;
const intervalMs = 10_000;
/**
 * Samples lie between the times of evaluation: at their edges ranges differ, because Prometheus 2 (which Debian has)
 * takes the sample at the beginning of a range in, Prometheus 3 and we do not.
 */
const shiftMs = 3137;

interface TestSeries {
  readonly metric: string;
  readonly kind: 'counter' | 'gauge';
  readonly labels: Record<string, string>;
  /** undefined = no sample. */
  readonly values: (number | 'stale' | undefined)[];
}

function testSeries(): TestSeries[] {
  const all: TestSeries[] = [];
  for (const id of ['0', '1', '2'])
    for (const mode of ['user', 'system']) {
      let total = 1e6 * (1 + random(1000));
      const counter = Array.from({ length: rows }, (_, row) => {
        total += random(1000) + random(1000) / 1024;
        // Resets go back to what is far from zero, where Prometheus 2 and 3 extrapolate alike.
        if (id === '1' && row % 50 === 40) total = 5000;
        return id === '2' && row % 31 > 27 ? undefined : total;
      });
      all.push({ metric: 'c', kind: 'counter', labels: { id, mode }, values: counter });
    }
  for (const id of ['0', '1', '2', '3']) {
    const gauge = Array.from({ length: rows }, (_, row) => {
      if (id === '1' && row === 60) return Number.NaN;
      if (id === '2' && row === 90) return 'stale' as const;
      if (id === '2' && row > 90 && row < 130) return undefined;
      if (id === '3' && row < 50) return undefined;
      return (random(2000) - 1000) / 8;
    });
    all.push({ metric: 'g', kind: 'gauge', labels: { id, zone: id < '2' ? 'a' : 'b' }, values: gauge });
  }
  for (const op of ['read', 'write']) {
    const totals = [0, 0, 0, 0];
    const buckets = Array.from({ length: rows }, () => {
      let least = 0;
      return totals.map((_, i) => {
        least += random(20);
        totals[i]! += least;
        return 1e5 * (i + 1) + totals[i]!;
      });
    });
    for (const [i, le] of ['0.1', '1', '10', '+Inf'].entries())
      all.push({
        metric: 'h_bucket',
        kind: 'counter',
        labels: { op, le },
        values: buckets.map((row) => row[i]!),
      });
  }
  return all;
}

const selectors = [
  'c',
  'g',
  'c{id="0"}',
  'c{mode=~"us.*"}',
  'g{id!="1"}',
  'g{zone="a"}',
  'c{id!~"0|2"}',
  'g{nothing=""}',
];
const shifts = [
  '',
  '',
  '',
  ' offset 1m',
  ' offset -30s',
  ' @ 1700001500',
  ' @ end()',
  ' @ start() offset -5m',
];
const ranges = ['35s', '1m5s', '2m47s', '5m'];
const overTime =
  'rate increase delta irate idelta deriv changes resets avg_over_time sum_over_time min_over_time max_over_time count_over_time last_over_time stddev_over_time stdvar_over_time present_over_time absent_over_time'.split(
    ' ',
  );
const mapping =
  'abs ceil floor exp ln log2 log10 sqrt sgn sin atan deg rad round minute hour day_of_week'.split(' ');
const aggregations = 'sum avg min max count group stddev stdvar'.split(' ');
const groupings = ['', ' by (id)', ' by (zone, mode)', ' without (id)', ' without (mode, zone)'];
const operators = ['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<='];
const comparisons = new Set(['==', '!=', '>', '<', '>=', '<=']);

const instant = () => pick(selectors) + pick(shifts);
/** `@` is left out where Prometheus before 2.50 moves a fixed range with the steps (its issue 11708). */
function matrix(depth: number, fixed = true): string {
  const shift = () => pick(fixed ? shifts : shifts.filter((each) => !each.includes('@')));
  if (depth > 0 && random(4) === 0)
    return `(${vector(depth - 1)})[${pick(['2m47s:10s', '4m7s:30s', '3m37s:'])}]${shift()}`;
  return `${pick(selectors)}[${pick(ranges)}]${shift()}`;
}

function vector(depth: number): string {
  if (depth <= 0) return instant();
  const inner = () => vector(depth - 1);
  switch (random(13)) {
    case 0:
    case 1:
    case 2:
      return `${pick(overTime)}(${matrix(depth)})`;
    case 3:
      return pick([
        `quantile_over_time(0.${random(10)}, ${matrix(depth)})`,
        `predict_linear(${matrix(depth, false)}, ${random(600)})`,
      ]);
    case 4:
      return `${pick(mapping)}(${inner()})`;
    case 5:
      return pick([
        `clamp(${inner()}, -5, 50)`,
        `clamp_max(${inner()}, 10)`,
        `label_replace(${inner()}, "new", "x$1", "id", "(.)")`,
        `label_join(${inner()}, "new", "-", "id", "zone")`,
        `absent(${inner()})`,
        `-${inner()}`,
        `vector(scalar(sum(${inner()})))`,
        `timestamp(${pick(selectors)})`,
      ]);
    case 6:
    case 7:
      return `${pick(aggregations)}${pick(groupings)} (${inner()})`;
    case 8:
      return pick([
        `topk${pick(groupings)} (2, ${inner()})`,
        `bottomk${pick(groupings)} (1, ${inner()})`,
        `quantile${pick(groupings)} (0.${random(10)}, ${inner()})`,
        `count_values("value", round(${inner()}, 100))`,
      ]);
    case 9: {
      const op = pick(operators);
      const bool = comparisons.has(op) && random(2) === 0 ? ' bool' : '';
      return random(2) === 0
        ? `${inner()} ${op}${bool} ${random(50)}`
        : `${random(50)} ${op}${bool} ${inner()}`;
    }
    case 10: {
      const op = pick(operators);
      const bool = comparisons.has(op) && random(2) === 0 ? ' bool' : '';
      return `${inner()} ${op}${bool} ${pick(['', 'on (id) ', 'on (id) group_left ', 'ignoring (mode, zone) group_right '])}${inner()}`;
    }
    case 11:
      return `${inner()} ${pick(['and', 'or', 'unless'])} ${pick(['', 'on (id) ', 'ignoring (mode, zone) '])}${inner()}`;
    default:
      return pick([
        `histogram_quantile(0.${random(10)}, rate(h_bucket[${pick(ranges)}]))`,
        `histogram_quantile(0.${random(10)}, sum by (le) (rate(h_bucket[${pick(ranges)}])))`,
        `histogram_quantile(0.${random(10)}, h_bucket)`,
      ]);
  }
}

type Points = Map<string, Map<number, number>>;

const keyOf = (labels: Readonly<Record<string, string>>) =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

function pointsOf(series: readonly MatrixSeries[]): Points {
  const number = (text: string) => Number(text.replace('Inf', 'Infinity'));
  return new Map(
    series.map(({ metric, values }) => [
      keyOf(metric),
      new Map(values.map(([time, value]) => [Math.round(time * 1000), number(value)])),
    ]),
  );
}

/** The first point in which two answers differ, or null. */
function difference(ours: Points, theirs: Points): string | null {
  for (const key of new Set([...ours.keys(), ...theirs.keys()])) {
    const [a, b] = [ours.get(key), theirs.get(key)];
    if (a === undefined || b === undefined)
      return `${key}: only ${a === undefined ? 'Prometheus' : 'we'} have it`;
    for (const time of new Set([...a.keys(), ...b.keys()])) {
      const [own, other] = [a.get(time), b.get(time)];
      if (own === undefined || other === undefined) return `${key} at ${time}: ours ${own}, theirs ${other}`;
      // Values are of the order of 1 to 1e9: what is left of a difference of equal ones is no value.
      const tolerance = Math.max(1e-12, 1e-9 * Math.max(Math.abs(own), Math.abs(other)));
      if (!Object.is(own, other) && own !== other && !(Math.abs(own - other) <= tolerance))
        return `${key} at ${time}: ours ${own}, theirs ${other}`;
    }
  }
  return null;
}

it.skipIf(version === null)('200 generated expressions give the points that Prometheus gives', async () => {
  const source = new ArraySource(intervalMs);
  const remote: RemoteSeries[] = [];
  for (const { metric, kind, labels, values } of testSeries()) {
    const timeOf = (row: number) => startS * 1000 + shiftMs + row * intervalMs;
    const stale = values.map((value) => value === 'stale');
    const numbers = values.map((value) => (value === 'stale' ? 0 : value));
    source.floats(kind, metric, labels, numbers, { startMs: timeOf(0), stale });
    remote.push({
      labels: { __name__: metric, ...labels },
      samples: values.flatMap((value, row) => (value === undefined ? [] : [{ timeMs: timeOf(row), value }])),
    });
  }
  const engine = createEngine(source, { lookbackMs: 300_000, subqueryStepMs: 60_000, broadcast: false });
  await using prometheus = await Prometheus.start();
  await prometheus.write(remote);
  const failures: string[] = [];
  const compared = { points: 0, errors: 0, empty: 0 };
  const [from, to, step] = [startS + 900, startS + 2100, 5];
  for (let i = 0; i < 200; i++) {
    const query = vector(1 + random(3));
    const theirs = await prometheus.range(query, from, to, step);
    const ours = await engine
      .queryRange({ query, startMs: from * 1000, endMs: to * 1000, stepMs: step * 1000 })
      .catch((error: Error) => ({ error: error.message }));
    if ('error' in theirs || 'error' in ours) {
      compared.errors++;
      if (!('error' in theirs && 'error' in ours))
        failures.push(
          `${query}\n  ours: ${JSON.stringify(ours).slice(0, 200)}\n  theirs: ${JSON.stringify(theirs).slice(0, 200)}`,
        );
      continue;
    }
    if (ours.result.kind !== 'matrix') throw new Error(ours.result.kind);
    const own: Points = new Map(
      ours.result.series.map(({ labels, times, values }) => [
        keyOf(labels),
        new Map(Array.from(times, (time, row) => [time, values[row]!])),
      ]),
    );
    for (const points of own.values()) compared.points += points.size;
    if (own.size === 0) compared.empty++;
    const found = difference(own, pointsOf(theirs));
    if (found !== null) failures.push(`${query}\n  ${found}`);
  }
  expect(failures.join('\n')).toBe('');
  // The generator must reach values, not errors and empty answers.
  expect(compared.points).toBeGreaterThan(50_000);
  expect(compared.errors + compared.empty).toBeLessThan(60);
});
