import { agentSchema, durationSchema, listenSchema, loadConfig } from '@rezolus/core/config';
import { parseSelector } from '@rezolus/exposition';
import { z } from 'zod';
import type { EmbeddedSection, ExporterConfig } from './config.ts';

const selector = z.string().refine((text) => parseSelector(text) !== null, {
  error: ({ input }) => `"${input}" is not a selector such as cgroup_*{op="read"}`,
});

const general = z.strictObject({
  listen: listenSchema(4242).prefault('127.0.0.1:4242'),
  web_config_file: z.string().default(''),
  source: agentSchema().prefault('127.0.0.1:4241'),
  http_config_file: z.string().default(''),
  interval: durationSchema()
    .refine((ms) => ms >= 10, 'must be at least 10ms')
    .prefault('1s'),
  hosts: z.array(z.string()).default([]),
});

const log = z.strictObject({
  level: z.enum(['error', 'warn', 'info', 'debug', 'trace']).default('info'),
});

const prometheusKeys = {
  native_histograms: z.boolean().default(true),
  histograms: z.boolean().default(false),
  histogram_grouping_power: z.int().min(0).max(3).default(3),
  summaries: z.boolean().default(true),
  compatibility: z.boolean().default(false),
  include: z.array(selector).default([]),
  exclude: z.array(selector).default(['task_*']),
  drop_labels: z.array(z.string()).default([]),
  series_limit: z.int().min(1).default(50_000),
};

// The message does not repeat the text: it may have a password in it.
const target = z.string().refine(
  (text) => {
    const url = URL.parse(text);
    return (
      text === '' || (/^https?:$/.test(url?.protocol ?? '') && url?.username === '' && url.password === '')
    );
  },
  { error: 'not a URL such as https://metrics.example/api/v1/write, without credentials' },
);

const sizes: Readonly<Record<string, number>> = { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 };

const size = z.string().transform((text, context): number => {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]B)$/.exec(text);
  if (match !== null) return Math.round(Number(match[1]) * sizes[match[2]!]!);
  context.addIssue({ code: 'custom', message: `"${text}" is not a size such as 256MB` });
  return z.NEVER;
});

const push = (folder: string) => ({
  url: target.default(''),
  interval: durationSchema()
    .refine((ms) => ms >= 10, 'must be at least 10ms')
    .prefault('15s'),
  timeout: durationSchema().prefault('30s'),
  labels: z.record(z.string(), z.string()).default({ job: 'rezolus' }),
  username: z.string().default(''),
  password_file: z.string().default(''),
  bearer_token_file: z.string().default(''),
  queue_directory: z.string().default(`/var/lib/rezolus/${folder}`),
  queue_limit: size.prefault('256MB'),
});

const remoteWrite = z.strictObject({
  ...push('remote-write'),
  version: z.enum(['1.0', '2.0']).default('1.0'),
  native_histograms: z.boolean().default(true),
});

/** embeddedSchema: the strict schema of `[prometheus]` of agent.toml; without `listen` the agent serves no `/metrics`. */
export const embeddedSchema: z.ZodType<EmbeddedSection> = z.strictObject({
  listen: z.preprocess((text) => (text === '' ? null : text), listenSchema(4242).nullable()).prefault(''),
  web_config_file: z.string().default(''),
  hosts: z.array(z.string()).default([]),
  ...prometheusKeys,
});

/** exporterConfigSchema: the strict schema of exporter.toml. */
export const exporterConfigSchema: z.ZodType<ExporterConfig> = z.strictObject({
  general: general.prefault({}),
  log: log.prefault({}),
  prometheus: z.strictObject(prometheusKeys).prefault({}),
  remote_write: remoteWrite.prefault({}),
  otlp: z.strictObject(push('otlp')).prefault({}),
});

/**
 * loadExporterConfig: reads exporter.toml. Throws REZ_ERR_CONFIG_READ, _SYNTAX, _UNKNOWN_KEY and _INVALID, naming file,
 * line and key.
 */
export function loadExporterConfig(path: string): ExporterConfig {
  return loadConfig(path, exporterConfigSchema);
}
