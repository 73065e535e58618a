import type { GroupSchema, SnapshotGroup } from '@rezolus/core';
import { descriptive } from './names.ts';

const known = new WeakMap<GroupSchema, ReadonlyMap<number, number>>();
const none: ReadonlyMap<number, number> = new Map();

/**
 * sumCounters: for each histogram of a schema whose sum is counted, the position of the counter that does it: that of the
 * same group with the name `<metric>_sum` and the same labels. Kept as long as the schema object.
 */
export function sumCounters(schema: GroupSchema): ReadonlyMap<number, number> {
  let sums = known.get(schema);
  if (sums === undefined) {
    sums = findSums(schema);
    known.set(schema, sums);
  }
  return sums;
}

/** exactSum: the counted sum of histogram `index` of a group; null where nobody counts it or it was not read. */
export function exactSum(group: SnapshotGroup, index: number): bigint | null {
  const { schema, counters, countersPresent } = group;
  const counter = schema === null ? undefined : sumCounters(schema).get(index);
  if (counter === undefined || countersPresent?.[counter] === 0) return null;
  return counters[counter] ?? null;
}

function findSums({ counters, histograms }: GroupSchema): ReadonlyMap<number, number> {
  if (histograms.length === 0) return none;
  const byIdentity = new Map<string, number>();
  counters.forEach(({ labels }, index) => {
    if (labels.metric?.endsWith('_sum')) byIdentity.set(identity(labels.metric, labels), index);
  });
  if (byIdentity.size === 0) return none;
  const sums = new Map<number, number>();
  histograms.forEach(({ labels }, index) => {
    const counter = byIdentity.get(identity(`${labels.metric}_sum`, labels));
    if (counter !== undefined) sums.set(index, counter);
  });
  return sums;
}

function identity(metric: string, labels: Readonly<Record<string, string>>): string {
  const own = Object.entries(labels).filter(([name]) => !descriptive.has(name));
  return JSON.stringify([metric, ...own.sort(([a], [b]) => (a < b ? -1 : 1))]);
}
