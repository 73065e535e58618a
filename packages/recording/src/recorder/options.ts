import type { Logger } from '@rezolus/core';
import type { EndpointSpec } from './endpoint-spec.ts';

/** RecordOptions: what to record, where to and for how long. */
export interface RecordOptions {
  /** One or several; several go into the same file, with a name for each. */
  readonly endpoints: readonly EndpointSpec[];
  /** Path of the recording; replaced when the new one is whole. */
  readonly output: string;
  readonly intervalMs: number;
  /** Until the signal where left out. */
  readonly durationMs?: number;
  /** File keys of the user's own. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Label and file key of those names. */
  readonly node?: string;
  readonly instance?: string;
  /** Ends the recording at once; what was recorded is kept. */
  readonly signal?: AbortSignal;
  readonly log?: Logger;
  /** ready: called when an endpoint answered, before the first interval. */
  readonly ready?: () => void;
  /** Rows of a row group; 1,800 where left out, which is also the most. */
  readonly rowGroupRows?: number;
}

/** RecordProgress: state of a recording after a tick. */
export interface RecordProgress {
  readonly rows: number;
  readonly series: number;
  /** In row groups; the rows after them are in the journal. */
  readonly bytesWritten: number;
  /** Moments at which no scrape began because the one before took too long. */
  readonly missed: number;
  /** Scrapes that failed, each of them a gap. */
  readonly failed: number;
  readonly elapsedMs: number;
  /** Null where the recording runs until the signal. */
  readonly remainingMs: number | null;
}

/** RecordSummary: what a finished recording holds. */
export interface RecordSummary extends Omit<RecordProgress, 'remainingMs'> {
  readonly output: string;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** scrapeTimeout: twice the interval, between 2 and 10 s; all in ms. */
export function scrapeTimeout(intervalMs: number): number {
  return Math.min(Math.max(2 * intervalMs, 2000), 10_000);
}
