import type { GroupSchema, HistogramValue, Snapshot, SnapshotGroup } from '@rezolus/core';
import { quantilesOfWindow } from './quantiles.ts';

/** WindowReader: quantiles of what was counted between two snapshots, pairing histograms by identity, not position. */
export class WindowReader {
  readonly #groups: readonly SnapshotGroup[];
  readonly #base: ReadonlyMap<string, SnapshotGroup> | null;

  constructor(snapshot: Snapshot, base: Snapshot | null) {
    this.#groups = snapshot.groups;
    this.#base = base === null ? null : new Map(base.groups.map((group) => [group.name, group]));
  }

  /** quantiles: of histogram `index` of group `group`; null without a base snapshot or anything counted since. */
  quantiles(group: number, index: number): bigint[] | null {
    const { name, schema, histograms } = this.#groups[group]!;
    const value = histograms[index];
    if (this.#base === null || schema === null || value === null || value === undefined) return null;
    return quantilesOfWindow(value, this.#before(this.#base.get(name), schema, index));
  }

  #before(base: SnapshotGroup | undefined, schema: GroupSchema, index: number): HistogramValue | null {
    if (base?.schema === undefined || base.schema === null) return null;
    const position = base.schema === schema ? index : positionIn(base.schema, schema, index);
    return position === undefined ? null : (base.histograms[position] ?? null);
  }
}

const positions = new WeakMap<GroupSchema, Map<string, number>>();

function positionIn(base: GroupSchema, schema: GroupSchema, index: number): number | undefined {
  let known = positions.get(base);
  if (known === undefined) {
    known = new Map(base.histograms.map((series, i) => [identity(series.labels), i]));
    positions.set(base, known);
  }
  return known.get(identity(schema.histograms[index]!.labels));
}

function identity(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
