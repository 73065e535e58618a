import type { ListenAddress } from '@rezolus/core';

/** HindsightConfig: hindsight.toml after validation, with defaults filled in: plain data, durations in ms. */
export interface HindsightConfig {
  readonly general: {
    readonly interval: number;
    readonly duration: number;
    /** Base URL of the agent. */
    readonly source: string;
    /** Credentials for the agent; empty = none. */
    readonly http_config_file: string;
    /** Absolute path of the dump. */
    readonly output: string;
    /** Null = no HTTP. */
    readonly listen: ListenAddress | null;
    /** Who may come in; empty = everybody. */
    readonly web_config_file: string;
    readonly hosts: readonly string[];
    /** 0 = automatic. */
    readonly segment_rows: number;
  };
  readonly log: { readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace' };
}

/**
 * segmentRows: rows of a segment: as configured, else a twelfth of the buffer. Whole segments are evicted, so their
 * length is what the buffer holds beyond its duration.
 */
export function segmentRows({ interval, duration, segment_rows: rows }: HindsightConfig['general']): number {
  if (rows > 0) return rows;
  return Math.min(Math.max(Math.ceil(duration / interval / 12), 60), 900);
}
