import type { Snapshot } from '@rezolus/core';

/** Reading: what there is to export at one moment. */
export interface Reading {
  /** Null while the agent is away: values of the past are not those of now. */
  readonly snapshot: Snapshot | null;
  /** The one before it, or null: the first quantiles of a scraper are of what was counted since. */
  readonly previous: Snapshot | null;
  /** Metric name to sentence, as the agent says; a new object when it changed. */
  readonly descriptions: Readonly<Record<string, string>>;
}

/** SnapshotSource: where an exporter has its values from: an agent that it polls, or the agent that it is in. */
export interface SnapshotSource {
  /** read: the newest; the same object until there is a newer one. */
  read(): Promise<Reading>;
}

/** noReading: before the first one. */
export const noReading: Reading = { snapshot: null, previous: null, descriptions: {} };

/** Poll: how one attempt to get a snapshot ended. */
export interface Poll {
  readonly result: 'ok' | 'unreachable' | 'invalid';
  readonly seconds: number;
  /** Attempts that were not made because the one before took too long. */
  readonly skipped: number;
}
