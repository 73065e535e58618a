import {
  durationSchema,
  type ListenAddress,
  loadConfig,
  parseListen,
  type Registration,
  type SamplerDefinition,
  samplerSections,
} from '@rezolus/core';
import { z } from 'zod';

const listen = z.string().transform((text, context): ListenAddress => {
  const address = parseListen(text);
  if (address !== null) return address;
  context.addIssue({
    code: 'custom',
    message: `"${text}" is not an address such as 127.0.0.1:4241 or [::1]:4241`,
  });
  return z.NEVER;
});

// Keys of the original that nothing here implements: named, so that its users are told what to do.
const unsupported = z.undefined({ error: 'this version does not support this key; remove it' }).optional();

const general = z.strictObject({
  listen: listen.prefault('127.0.0.1:4241'),
  ttl: durationSchema().prefault('10ms'),
  snapshot_format: z.enum(['v2', 'v3']).default('v3'),
  btf_path: unsupported,
});

const log = z.strictObject({
  level: z.enum(['error', 'warn', 'info', 'debug', 'trace']).default('info'),
});

const defaults = z.strictObject({
  enabled: z.boolean().default(true),
  interval: unsupported,
  gpu_perf_level: unsupported,
});

/** SamplerSection: `[samplers.<name>]` after validation: `enabled` where it is set, and every option of the sampler. */
export type SamplerSection = { readonly enabled?: boolean } & Readonly<
  Record<string, boolean | number | string | undefined>
>;

/** AgentConfig: agent.toml after validation, with defaults filled in; durations in ms. */
export interface AgentConfig {
  readonly general: {
    readonly listen: ListenAddress;
    readonly ttl: number;
    readonly snapshot_format: 'v2' | 'v3';
  };
  readonly log: { readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace' };
  readonly defaults: { readonly enabled: boolean };
  readonly samplers: Readonly<Record<string, SamplerSection>>;
}

/**
 * agentConfigSchema: the strict schema of agent.toml for the samplers that are registered. Samplers that were
 * refused may keep their sections, so that a plugin that does not fit ends as a status and not as a bad file.
 */
export function agentConfigSchema(
  definitions: readonly SamplerDefinition[],
  refused: readonly string[] = [],
): z.ZodType<AgentConfig> {
  const refusedSections = Object.fromEntries(
    refused.map((name) => [
      name,
      z
        .record(z.string(), z.unknown())
        .transform(() => ({}))
        .prefault({}),
    ]),
  );
  const registered = samplerSections(definitions).unwrap();
  const samplers = z.strictObject({ ...refusedSections, ...registered.shape }).prefault({});
  return z.strictObject({
    general: general.prefault({}),
    log: log.prefault({}),
    defaults: defaults.prefault({}),
    samplers,
    scheduler: unsupported,
    external_metrics: unsupported,
  }) as unknown as z.ZodType<AgentConfig>;
}

/**
 * loadAgentConfig: reads agent.toml. Throws REZ_ERR_CONFIG_READ, _SYNTAX, _UNKNOWN_KEY and _INVALID, naming file,
 * line and key.
 */
export function loadAgentConfig(
  path: string,
  definitions: readonly SamplerDefinition[],
  refused: readonly string[] = [],
): AgentConfig {
  return loadConfig(path, agentConfigSchema(definitions, refused));
}

/** samplerSettings: whether a sampler runs and with which options: its own section, else `[defaults]`. */
export function samplerSettings(config: AgentConfig, { definition }: Registration) {
  const { enabled, ...options } = config.samplers[definition.name] ?? {};
  const byDefault = definition.enabledByDefault !== false && config.defaults.enabled;
  return { enabled: enabled ?? byDefault, options: options as Record<string, boolean | number | string> };
}
