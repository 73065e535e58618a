import { expect, it } from 'vitest';
import { builtInDefinitions } from '../../../../tests/support/samplers.ts';
import { exportedHelp, exportedName, metricOf } from '../../src/index.ts';

it.each([
  [{ metric: 'cpu_usage', kind: 'counter', unit: 'nanoseconds' }, 'cpu_usage_total'],
  [{ metric: 'memory_free', kind: 'gauge', unit: 'bytes' }, 'memory_free'],
  [{ metric: 'memory_total', kind: 'gauge', unit: 'bytes' }, 'memory_total_bytes'],
  [{ metric: 'run_count', kind: 'gauge', unit: '' }, 'run_count_value'],
  [{ metric: 'latency', kind: 'histogram', unit: 'nanoseconds' }, 'latency'],
] as const)('%j is %s, there and back', (metric, name) => {
  expect(exportedName(metric)).toBe(name);
  expect(metricOf(name, metric.kind, exportedHelp('What it is.', metric.unit))).toEqual(metric);
});

it('finds every metric of the built-in samplers by what Prometheus knows of it', async () => {
  for (const { definition } of await builtInDefinitions()) {
    for (const { name, kind, unit = '', description } of definition.groups.flatMap((one) => one.metrics)) {
      const metric = { metric: name, kind, unit };
      const exported = exportedName(metric);
      expect(metricOf(exported, kind, exportedHelp(description, unit))).toEqual(metric);
      expect(metricOf(exported, kind, exportedHelp('', unit))).toEqual(metric);
      expect(metricOf(exported)).toMatchObject({ metric: name, ...(kind === 'counter' && { kind }) });
    }
  }
});

it('knows without a type what the name says', () => {
  expect(metricOf('latency_bucket')).toEqual({ metric: 'latency', kind: 'histogram', unit: '' });
  expect(metricOf('memory_total_bytes')).toEqual({ metric: 'memory_total', kind: 'gauge', unit: 'bytes' });
  expect(metricOf('requests_count_ratio', 'gauge', 'A share [percent]')).toMatchObject({
    metric: 'requests_count_ratio',
  });
});

it('knows what no sampler has', () => {
  expect(metricOf('rezolus_exporter_agent_up', 'gauge')).toBeNull();
  expect(metricOf('latency_recent', 'summary')).toBeNull();
});
