import { durationSchema, loadConfig } from '@rezolus/core/config';
import { z } from 'zod';
import type { EndpointSpec } from './endpoint-spec.ts';

/** RecordFormat: Parquet, or the snapshots as they came. */
export type RecordFormat = 'parquet' | 'raw';

const schema = z.strictObject({
  recording: z.strictObject({
    output: z.string().min(1),
    interval: durationSchema().optional(),
    duration: durationSchema().optional(),
    format: z.enum(['parquet', 'raw']).optional(),
    separate: z.boolean().optional(),
  }),
  endpoints: z
    .array(
      z.strictObject({
        url: z.string().min(1),
        source: z.string().min(1).optional(),
        role: z.string().min(1).optional(),
        protocol: z.enum(['msgpack', 'prometheus']).optional(),
        http_config_file: z.string().min(1).optional(),
      }),
    )
    .min(1),
});

/** RecordConfig: what a file for `record --config` says; intervals are in ms. */
export interface RecordConfig {
  readonly output: string;
  readonly intervalMs?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly format?: RecordFormat | undefined;
  readonly separate?: boolean | undefined;
  readonly endpoints: readonly EndpointSpec[];
}

/**
 * loadRecordConfig: reads a TOML file with `[recording]` (output, interval, duration, format, separate) and
 * `[[endpoints]]` (url, source, role, protocol, http_config_file). Throws REZ_ERR_CONFIG_* as `loadConfig` does.
 */
export function loadRecordConfig(path: string): RecordConfig {
  const { recording, endpoints } = loadConfig(path, schema);
  const { output, interval, duration, format, separate } = recording;
  const specs = endpoints.map(({ http_config_file: httpConfigFile, ...endpoint }) => {
    const given = Object.entries({ ...endpoint, httpConfigFile }).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as unknown as EndpointSpec;
  });
  return { output, intervalMs: interval, durationMs: duration, format, separate, endpoints: specs };
}
