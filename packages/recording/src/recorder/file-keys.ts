import type { Endpoint } from './endpoint.ts';

/** SampleRange: time of the first and last sample, ns since the epoch. */
export interface SampleRange {
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/**
 * fileKeys: the file-level keys of a recording of one endpoint, by the names and in the forms that the original uses.
 * `tags` are the user's own and win.
 */
export function fileKeys(
  endpoint: Endpoint,
  range: SampleRange,
  intervalMs: number,
  version: string | undefined,
  tags: Readonly<Record<string, string>>,
): Map<string, string> {
  const { systeminfo, descriptions, samplers } = endpoint.facts;
  // Nanoseconds do not fit a double, so the object is put together as text.
  const members = [`"first_sample_ns":${range.firstNs}`, `"last_sample_ns":${range.lastNs}`];
  if (samplers !== undefined) members.push(`"sampler_status":${samplers}`);
  const keys = {
    source: endpoint.source,
    version,
    sampling_interval_ms: String(intervalMs),
    systeminfo,
    descriptions,
    per_source_metadata: `{${JSON.stringify(endpoint.source)}:{${members.join(',')}}}`,
    ...tags,
  };
  return new Map(Object.entries(keys).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
