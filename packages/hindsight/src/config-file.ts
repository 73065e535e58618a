import { resolve } from 'node:path';
import { agentSchema, durationSchema, listenSchema, loadConfig } from '@rezolus/core/config';
import { z } from 'zod';
import type { HindsightConfig } from './config.ts';

const general = z
  .strictObject({
    interval: durationSchema()
      .refine((ms) => ms >= 10, 'must be at least 10ms')
      .prefault('1s'),
    duration: durationSchema().prefault('15m'),
    source: agentSchema().prefault('127.0.0.1:4241'),
    http_config_file: z.string().default(''),
    output: z
      .string()
      .refine((path) => /[^/]$/.test(path), 'must be the path of a file')
      .transform((path) => resolve(path))
      .prefault('/tmp/rezolus.parquet'),
    listen: z
      .literal('')
      .transform(() => null)
      .or(listenSchema(4243))
      .prefault(''),
    web_config_file: z.string().default(''),
    hosts: z.array(z.string()).default([]),
    segment_rows: z.int().min(0).max(1800).default(0),
  })
  .refine(({ interval, duration }) => duration >= interval, {
    path: ['duration'],
    message: 'must be at least the interval',
  });

const log = z.strictObject({
  level: z.enum(['error', 'warn', 'info', 'debug', 'trace']).default('info'),
});

/** hindsightConfigSchema: the strict schema of hindsight.toml. */
export const hindsightConfigSchema: z.ZodType<HindsightConfig> = z.strictObject({
  general: general.prefault({}),
  log: log.prefault({}),
});

/**
 * loadHindsightConfig: reads hindsight.toml; a relative `output` is beside the working directory. Throws
 * REZ_ERR_CONFIG_READ, _SYNTAX, _UNKNOWN_KEY and _INVALID, naming file, line and key.
 */
export function loadHindsightConfig(path: string): HindsightConfig {
  return loadConfig(path, hindsightConfigSchema);
}
