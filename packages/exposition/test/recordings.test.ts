import { describe, expect, it } from 'vitest';
import { decodeSnapshot, encodeV2, encodeV3, SnapshotDecoder, schemaHash, toJson } from '../src/index.ts';
import { recording, recordingsMissing } from './recordings.ts';

interface GroupJson {
  name: string;
  schema: Record<'counters' | 'gauges' | 'histograms', { name: string; metadata: object }[]>;
  window: object | null;
  counters: unknown[];
  gauges: unknown[];
  histograms: ({ config: object; buckets: unknown[] } | null)[];
}

describe.skipIf(recordingsMissing)('snapshots of the original agent', () => {
  it.each(['a', 'b'])('decodes and encodes snapshot %s to the same bytes', (name) => {
    const bytes = recording(`snapshot-v3-${name}.msgpack`);
    const snapshot = decodeSnapshot(bytes);
    expect(snapshot.groups).toHaveLength(44);
    expect(Buffer.compare(encodeV3(snapshot), bytes)).toBe(0);
  });

  it('computes every schema hash as the original does', () => {
    const { groups } = decodeSnapshot(recording('snapshot-v3-a.msgpack'));
    for (const group of groups) expect(schemaHash(structuredClone(group.schema!))).toEqual(group.schemaHash);
  });

  it('encodes schemas that it did not decode itself to the same bytes', () => {
    const bytes = recording('snapshot-v3-a.msgpack');
    const snapshot = structuredClone(decodeSnapshot(bytes));
    expect(Buffer.compare(encodeV3(snapshot), bytes)).toBe(0);
  });

  it('survives V2 without losing a present series', () => {
    const snapshot = decodeSnapshot(recording('snapshot-v3-a.msgpack'));
    const flat = decodeSnapshot(encodeV2(snapshot));
    const present = (groups: typeof snapshot.groups) =>
      groups.flatMap((group) => [
        ...group.schema!.counters.flatMap(({ name }, i) =>
          group.countersPresent?.[i] === 0 ? [] : `${name}=${group.counters[i]}@${group.window?.endNs}`,
        ),
        ...group.schema!.gauges.flatMap(({ name }, i) =>
          group.gaugesPresent?.[i] === 0 ? [] : `${name}=${group.gauges[i]}@${group.window?.endNs}`,
        ),
        ...group.schema!.histograms.flatMap(({ name }, i) => `${name}=${group.histograms[i]?.buckets}`),
      ]);
    expect(present(flat.groups).sort()).toEqual(present(snapshot.groups).sort());
    expect(Buffer.compare(encodeV2(flat), encodeV2(decodeSnapshot(encodeV2(flat))))).toBe(0);
  });

  it('gives JSON of the same structure as the original', () => {
    const original: { groups: GroupJson[] } = JSON.parse(recording('snapshot-v3.json').toString());
    const ours: { groups: GroupJson[] } = JSON.parse(
      toJson(decodeSnapshot(recording('snapshot-v3-b.msgpack'))),
    );
    expect(Object.keys(ours)).toEqual(Object.keys(original));
    // The two were taken a moment apart, so values differ and shapes do not.
    expect(ours.groups.map(shape)).toEqual(original.groups.map(shape));
  });

  it('writes each 64-bit integer exactly', () => {
    const snapshot = decodeSnapshot(recording('snapshot-v3-b.msgpack'));
    const json = toJson(snapshot);
    for (const { schemaHash: hash, window } of snapshot.groups) {
      expect(json).toContain(`"schema_hash":[${hash![0]},${hash![1]}]`);
      if (window !== null) expect(json).toContain(`{"begin_ns":${window.beginNs},"end_ns":${window.endNs}}`);
    }
  });
});

describe.skipIf(recordingsMissing)('SnapshotDecoder', () => {
  it('hands out the same schema object while a group does not change', () => {
    const decoder = new SnapshotDecoder();
    const first = decoder.decode(recording('snapshot-v3-a.msgpack'));
    const bytes = recording('snapshot-v3-b.msgpack');
    const second = decoder.decode(bytes);
    for (const [i, group] of second.groups.entries()) expect(group.schema).toBe(first.groups[i]!.schema);
    expect(Buffer.compare(encodeV3(second), bytes)).toBe(0);
  });

  it('fills in a schema that is left out once it is known', () => {
    const decoder = new SnapshotDecoder();
    const full = decoder.decode(recording('snapshot-v3-a.msgpack'));
    const bare = encodeV3({ ...full, groups: full.groups.map((group) => ({ ...group, schema: null })) });
    expect(decodeSnapshot(bare).groups.every((group) => group.schema === null)).toBe(true);
    expect(decoder.decode(bare).groups.map((group) => group.schema)).toEqual(
      full.groups.map((group) => group.schema),
    );
  });
});

function shape(group: GroupJson) {
  return {
    keys: Object.keys(group),
    name: group.name,
    schema: group.schema,
    windowed: group.window !== null,
    lengths: [group.counters.length, group.gauges.length, group.histograms.length],
    absent: [...group.counters, ...group.gauges, ...group.histograms].map((value) => value === null),
    configs: group.histograms.map((histogram) => [histogram?.config, histogram?.buckets.length]),
  };
}
