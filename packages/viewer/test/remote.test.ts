import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workerSource } from '../src/index.ts';
import { bucketsOf, linesOf } from '../src/server/remote/replies.ts';
import { type RemoteMetric, remoteQuery } from '../src/server/remote/rewrite.ts';
import { dashboardsDir } from '../src/server/sections/load.ts';

const metrics = new Map<string, RemoteMetric>([
  ['cpu_usage', { name: 'cpu_usage_total', kind: 'counter', classic: false }],
  ['cpu_cores', { name: 'cpu_cores', kind: 'gauge', classic: false }],
  ['memory_total', { name: 'memory_total_bytes', kind: 'gauge', classic: false }],
  ['lat', { name: 'lat', kind: 'histogram', classic: false }],
  ['old', { name: 'old', kind: 'histogram', classic: true }],
]);

describe('a query of ours for Prometheus', () => {
  test.each([
    [
      'sum(irate(cpu_usage{state="user"}[5m])) / sum(cpu_cores)',
      'sum(rate(cpu_usage_total{state="user"}[4000ms])) / sum(cpu_cores)',
    ],
    ['rate(cpu_usage[1m])', 'rate(cpu_usage_total[1m])'],
    [
      '(memory_total - memory_free) / memory_total',
      '(memory_total_bytes - memory_free) / memory_total_bytes',
    ],
    ['irate(cpu_usage[5m] offset 1m)', 'rate(cpu_usage_total[4000ms] offset 1m)'],
    [
      'sum by (id) (irate(cpu_usage{x="cpu_usage"}[5m]))',
      'sum by (instance, id) (rate(cpu_usage_total{x="cpu_usage"}[4000ms]))',
    ],
    ['sum by (state) (irate(cpu_usage[5m]))', 'sum by (state) (rate(cpu_usage_total[4000ms]))'],
    ['histogram_sum(lat{a="b"})', 'histogram_sum(sum (rate(lat{a="b"}[4000ms])))'],
    ['histogram_irate(old)', 'sum (rate(old_count[4000ms]))'],
    [
      'histogram_mean by (name) (lat)',
      '(histogram_sum(sum by (name) (rate(lat[4000ms]))) / (histogram_count(sum by (name) (rate(lat[4000ms]))) > 0))',
    ],
    ['histogram_heatmap(old)', '(sum by (le) (rate(old_bucket[4000ms])) * 4)'],
    [
      'histogram_quantiles([0.5, 0.99], lat)',
      '(label_replace(histogram_quantile(0.5, sum (rate(lat[4000ms]))), "quantile", "0.5", "", "") or label_replace(histogram_quantile(0.99, sum (rate(lat[4000ms]))), "quantile", "0.99", "", ""))',
    ],
    ['cpu_usage_total{instance="a"}', 'cpu_usage_total{instance="a"}'],
    ['{__name__="cpu_usage"}', '{__name__="cpu_usage"}'],
  ])('%s', (query, expected) => {
    expect(remoteQuery(query, metrics, 4000, 'instance')).toBe(expected);
  });

  test('of one machine is not split by machines', () => {
    expect(remoteQuery('sum by (id) (cpu_cores)', metrics, 4000)).toBe('sum by (id) (cpu_cores)');
  });

  test('all plots of ours become one that our own parser takes, too, but for what only we have', () => {
    for (const file of readdirSync(dashboardsDir)) {
      const text = readFileSync(dashboardsDir + file, 'utf8');
      for (const [, query] of text.matchAll(/"query": "((?:[^"\\]|\\.)*)"/g)) {
        const remote = remoteQuery(JSON.parse(`"${query}"`), metrics, 4000, 'instance');
        expect(remote).not.toMatch(/histogram_(irate|mean|quantiles|heatmap)\b|irate\(/);
      }
    }
  });
});

describe('answers of Prometheus', () => {
  test('numbers of all kinds', () => {
    const values = [
      [1, '1.5'],
      [2, '+Inf'],
      [3, '-Inf'],
      [4, 'NaN'],
    ] as const;
    const [line] = linesOf([{ metric: { a: 'b' }, values }], 500);
    expect([line!.labels, [...line!.times], [...line!.values]]).toEqual([
      { a: 'b' },
      [1500, 2500, 3500, 4500],
      [1.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN],
    ]);
  });

  test('buckets, native and by le', () => {
    const native = bucketsOf(
      [
        {
          metric: {},
          histograms: [
            [
              1,
              {
                count: '3',
                sum: '9',
                buckets: [
                  [0, '1', '2', '2'],
                  [0, '4', '8', '1'],
                ],
              },
            ],
          ],
        },
      ],
      0,
    );
    const classic = bucketsOf(
      ['2', '4', '8', '+Inf'].map((le, i) => ({ metric: { le }, values: [[1, String([2, 2, 3, 3][i])]] })),
      0,
    );
    for (const reply of [native, classic]) {
      expect([...reply.times]).toEqual([1000]);
      expect([...reply.bounds]).toEqual([2, 8]);
      expect([...reply.rows]).toEqual([0, 1]);
      expect([...reply.counts]).toEqual([2, 1]);
    }
  });
});

describe('a server that is no Prometheus', () => {
  const answers: Record<string, string> = {
    '/html/': '<html>',
    '/list/': '[]',
    '/null/': '{"status":"success","data":null}',
    '/error/': '{"status":"error","errorType":"x","error":"go away"}',
  };
  const server = createServer((request, response) => {
    const [, body = ''] = Object.entries(answers).find(([path]) => request.url!.startsWith(path)) ?? [];
    response.end(body);
  });
  beforeAll(() => new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready)));
  afterAll(() => void server.close());

  test.each(Object.keys(answers))('%s is refused with a sentence', async (path) => {
    const { port } = server.address() as AddressInfo;
    await expect(
      workerSource({ kind: 'prometheus', url: `http://127.0.0.1:${port}${path}` }),
    ).rejects.toThrow(/did not answer as Prometheus does|go away/);
  });
  test('neither is no URL', async () => {
    await expect(workerSource({ kind: 'prometheus', url: 'x' })).rejects.toMatchObject({
      code: 'REZ_ERR_CONFIG_INVALID',
    });
  });
});
