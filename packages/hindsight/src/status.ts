import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BufferState } from './buffer.ts';
import type { RecorderState } from './recorder.ts';

/** HindsightStatus: the answer of `/status`; the first nine members are the original's. Times are seconds since the epoch. */
export interface HindsightStatus {
  readonly lookback_secs: number;
  readonly sampling_interval_ms: number;
  /** Rows since the start. */
  readonly ticks_recorded: number;
  readonly oldest_timestamp: number | null;
  readonly newest_timestamp: number | null;
  readonly retained_secs: number;
  /** The buffer holds what it should; older rows are evicted. */
  readonly at_retention_bound: boolean;
  readonly rows: number;
  /** Of the disk. */
  readonly bytes: number;
  readonly segments: number;
  /** Intervals without a row because the one before took too long. */
  readonly ticks_missed: number;
  /** Intervals without a row because the agent was away or the disk full. */
  readonly ticks_failed: number;
  readonly agent_answering: boolean;
}

/** statusOf: the status of a buffer and its recorder; `durationMs` and `intervalMs` are those of the configuration. */
export function statusOf(
  buffer: BufferState,
  bytes: number,
  recorder: RecorderState,
  { durationMs, intervalMs }: { readonly durationMs: number; readonly intervalMs: number },
): HindsightStatus {
  const { oldestNs, newestNs, rows, segments } = buffer;
  const seconds = (ns: bigint | null) => (ns === null ? null : Number(ns / 1_000_000n) / 1000);
  const retainedNs = oldestNs === null || newestNs === null ? 0n : newestNs - oldestNs;
  const retained = Math.max(0, seconds(retainedNs)!);
  return {
    lookback_secs: durationMs / 1000,
    sampling_interval_ms: intervalMs,
    ticks_recorded: recorder.recorded,
    oldest_timestamp: seconds(oldestNs),
    newest_timestamp: seconds(newestNs),
    retained_secs: retained,
    at_retention_bound: retained * 1000 >= durationMs,
    rows,
    bytes,
    segments,
    ticks_missed: recorder.missed,
    ticks_failed: recorder.failed,
    agent_answering: recorder.answering,
  };
}

/** bytesOf: the bytes of all files in a folder; of those that vanish meanwhile, none. */
export async function bytesOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = entries.map((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory()
      ? bytesOf(path)
      : stat(path).then(
          ({ size }) => size,
          () => 0,
        );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
