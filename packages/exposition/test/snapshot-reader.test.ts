import { MetricGroup } from '@rezolus/core';
import { encodeV3, SnapshotReader } from '@rezolus/exposition';
import { expect, it } from 'vitest';

const group = (name: string) =>
  new MetricGroup(
    name,
    {
      name: 'main',
      per: 'host',
      metrics: [{ name, kind: 'counter', description: '' }],
    },
    0,
  );

const encode = (groups: readonly MetricGroup[], known: boolean) =>
  encodeV3({ systemTimeNs: 1n, durationNs: 1n, metadata: {}, groups }, () => known);

it('names the state that it was told with the last answer', async () => {
  const reader = new SnapshotReader();
  const asked: string[] = [];
  const answers = [
    { body: encode([group('a')], false), schemas: 'run-1' },
    { body: encode([group('a')], true), schemas: 'run-1' },
    { body: encode([group('a')], false) },
    { body: encode([group('a')], false), schemas: 'run-2' },
  ];
  for (const answer of answers) {
    const { groups } = await reader.read(async (schemas) => {
      asked.push(schemas);
      return answer;
    });
    expect(groups[0]!.schema!.counters[0]!.labels.metric).toBe('a');
  }
  expect(asked).toEqual(['none', 'run-1', 'run-1', 'none']);
});

it('asks for everything after an answer that was none or that it cannot read', async () => {
  const reader = new SnapshotReader();
  const asked: string[] = [];
  const next = (answer: () => Uint8Array) =>
    reader.read(async (schemas) => {
      asked.push(schemas);
      return { body: answer(), schemas: 's' };
    });
  const whole = () => encode([group('a')], false);
  await next(whole);
  await expect(next(() => Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: 'REZ_ERR_SNAPSHOT_FORMAT' });
  await next(whole);
  await expect(
    next(() => {
      throw new Error('away');
    }),
  ).rejects.toThrow('away');
  await next(whole);
  expect(asked).toEqual(['none', 's', 'none', 's', 'none']);
});

it('asks again where it has forgotten a schema that the agent left out', async () => {
  const reader = new SnapshotReader();
  const many = Array.from({ length: 1500 }, (_, i) => group(`g${i}`));
  const asked: string[] = [];
  const read = () =>
    reader.read(async (schemas) => {
      asked.push(schemas);
      return { body: encode(many, schemas !== 'none'), schemas: 's' };
    });
  await read();
  const { groups } = await read();
  expect(groups.every(({ schema }) => schema !== null)).toBe(true);
  expect(asked).toEqual(['none', 's', 'none']);
});
