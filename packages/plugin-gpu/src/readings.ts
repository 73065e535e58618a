import type { Clock, GroupDeclaration, MetricGroup, Window } from '@rezolus/core';

/** Reading: the values of one GPU by position in its group, null where it has none. */
export type Reading = readonly (bigint | null)[];

/** Sweep: readings of all GPUs, and when they were taken. */
export interface Sweep {
  readonly rows: readonly Reading[];
  readonly window: Window;
}

/** sweepOver: reads one GPU after the other, so that no more than one thread is taken up. */
export async function sweepOver<Device>(
  devices: readonly Device[],
  read: (device: Device) => Promise<Reading>,
  clock: Clock,
): Promise<Sweep> {
  const beginNs = clock.wallNs();
  const began = clock.monotonicNs();
  const rows: Reading[] = [];
  for (const device of devices) rows.push(await read(device));
  return { rows, window: { beginNs, endNs: beginNs + clock.monotonicNs() - began } };
}

/** show: puts a sweep into the group of the GPUs with the given numbers. */
export function show(group: MetricGroup, { rows, window }: Sweep, indexes: readonly number[]): void {
  if (group.members.length !== indexes.length) {
    group.setMembers(indexes.map((id) => ({ id, labels: { id: String(id) } })));
  }
  group.storeRows(rows);
  group.window = window;
}

/** notOffered: a sentence for each GPU that lacks some of the metrics. */
export function notOffered(
  declaration: GroupDeclaration,
  rows: readonly Reading[],
  indexes: readonly number[],
): string[] {
  return rows.flatMap((row, member) => {
    const names = declaration.metrics
      .filter((_, position) => row[position] === null)
      .map(({ name, labels }) => {
        const { vendor, ...own } = labels ?? {};
        return [name, ...Object.values(own)].join(' ');
      });
    return names.length === 0 ? [] : [`GPU ${indexes[member]} does not offer ${names.join(', ')}`];
  });
}
