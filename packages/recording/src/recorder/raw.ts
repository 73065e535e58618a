import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { alignedTicks, RezolusError, sentence, silentLogger } from '@rezolus/core';
import { writeAt } from '../journal/files.ts';
import { syncFolder } from '../journal/finish.ts';
import { deadline } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';
import { openEndpoint } from './open-endpoint.ts';
import { type RecordOptions, type RecordProgress, type RecordSummary, scrapeTimeout } from './options.ts';

/**
 * recordRaw: records one agent as its snapshots, one after another as they came, for `convertRecording`. Until it is
 * finished the file is `<output>.partial`, which can be converted as well. Throws as `record` does.
 */
export async function recordRaw(
  options: RecordOptions,
  onProgress: (progress: RecordProgress) => void = () => {},
): Promise<RecordSummary> {
  const { endpoints, output, intervalMs } = options;
  const [spec] = endpoints;
  if (spec === undefined || endpoints.length > 1) {
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', 'a raw recording is of one endpoint; use --separate');
  }
  const signal = options.signal ?? new AbortController().signal;
  using endpoint = await openEndpoint(spec, scrapeTimeout(intervalMs), signal);
  if (endpoint.protocol !== 'msgpack') {
    const message = `${spec.url} answers as a Prometheus target; a raw recording is of Rezolus snapshots`;
    throw new RezolusError('REZ_ERR_CONFIG_INVALID', message);
  }
  options.ready?.();
  const partial = `${output}.partial`;
  const handle = await claim(output, partial);
  try {
    const summary = await sample(endpoint, handle, options, signal, onProgress);
    await handle.sync();
    await rename(partial, output);
    await syncFolder(dirname(output));
    return summary;
  } finally {
    await handle.close();
  }
}

async function claim(output: string, partial: string): Promise<FileHandle> {
  if ((await stat(partial).catch(() => null)) !== null) {
    const message = `${partial} is there already: convert it with \`rezolus recording convert ${partial}\`, or remove it`;
    throw new RezolusError('REZ_ERR_RECORDING_UNFINISHED', message);
  }
  return open(partial, 'wx', 0o644).catch((cause) => {
    throw new RezolusError('REZ_ERR_RECORDING_WRITE', `${output} could not be written`, { cause });
  });
}

async function sample(
  endpoint: Endpoint,
  handle: FileHandle,
  { intervalMs, durationMs = Number.POSITIVE_INFINITY, endpoints, output, log = silentLogger }: RecordOptions,
  signal: AbortSignal,
  onProgress: (progress: RecordProgress) => void,
): Promise<RecordSummary> {
  const startedMs = performance.now();
  const counts = { rows: 0, series: 0, bytesWritten: 0, missed: 0, failed: 0 };
  let [firstNs, lastNs] = [0n, 0n];
  const lengthMs = intervalMs + durationMs;
  using stop = deadline(signal, lengthMs);
  const progress = () => ({ ...counts, elapsedMs: performance.now() - startedMs });
  for await (const { missed } of alignedTicks(intervalMs, stop.signal)) {
    counts.missed += missed;
    const answer = await endpoint.scrapeRaw(scrapeTimeout(intervalMs), stop.signal).catch((error) => {
      if (stop.signal.aborted) return null;
      counts.failed++;
      log.warn({ url: endpoints[0]!.url, error: sentence(error) }, 'no sample');
      return null;
    });
    if (stop.signal.aborted) break;
    if (answer === null) continue;
    counts.bytesWritten = await writeAt(handle, [answer.body], counts.bytesWritten).catch((cause) => {
      const message = `${output}.partial could not be written; it holds ${counts.rows} snapshots`;
      throw new RezolusError('REZ_ERR_RECORDING_WRITE', message, { cause });
    });
    counts.rows++;
    counts.series = answer.snapshot.groups.reduce(
      (sum, { counters, gauges, histograms }) => sum + counters.length + gauges.length + histograms.length,
      0,
    );
    lastNs = answer.snapshot.systemTimeNs;
    if (counts.rows === 1) firstNs = lastNs;
    const remainingMs = Math.max(0, lengthMs - (performance.now() - startedMs));
    onProgress({ ...progress(), remainingMs: Number.isFinite(remainingMs) ? remainingMs : null });
  }
  if (counts.rows === 0) {
    throw new RezolusError('REZ_ERR_RECORDING_EMPTY', `nothing was recorded from ${endpoints[0]!.url}`);
  }
  return { output, firstNs, lastNs, ...progress() };
}
