import { defaultPluginLimits, type PluginPolicy } from '@rezolus/containment/store';
import type { SamplerDefinition } from '@rezolus/core';
import {
  budgetSchema,
  durationSchema,
  listenSchema,
  loadConfig,
  samplerSections,
} from '@rezolus/core/config';
import { embeddedSchema } from '@rezolus/exporter/config-file';
import { z } from 'zod';
import type { AgentConfig } from './config.ts';
import { OverheadObserver } from './overhead/index.ts';
import { type PlannedPlugins, registryOf } from './plan.ts';
import { agentPlugin, registerAgentSamplers } from './plugin.ts';

// Keys of the original that nothing here implements: named, so that its users are told what to do.
const unsupported = z.undefined({ error: 'this version does not support this key; remove it' }).optional();

/** A name of a package, or one tarball of it. */
const allowed = /^(@[\w.-]+\/)?[\w.-]+(@sha512-[A-Za-z0-9+/]+={0,2})?$/;

const general = z.strictObject({
  listen: listenSchema(4241).prefault('127.0.0.1:4241'),
  web_config_file: z.string().default(''),
  hosts: z.array(z.string()).default([]),
  ttl: durationSchema().prefault('10ms'),
  snapshot_format: z.enum(['v2', 'v3']).default('v3'),
  btf_path: unsupported,
});

const log = z.strictObject({
  level: z.enum(['error', 'warn', 'info', 'debug', 'trace']).default('info'),
});

const defaults = z.strictObject({
  enabled: z.boolean().default(true),
  budget: budgetSchema.prefault({}),
  interval: unsupported,
  gpu_perf_level: unsupported,
});

const plugins = z.strictObject({
  allow: z.array(z.string().regex(allowed, 'is neither a name nor name@sha512-…')).optional(),
  start_timeout: durationSchema().default(defaultPluginLimits.start_timeout),
  // Every reader of a snapshot waits for it.
  refresh_timeout: durationSchema()
    .refine((ms) => ms <= 2000, 'must be 2s or less')
    .default(defaultPluginLimits.refresh_timeout),
  hang_timeout: durationSchema().default(defaultPluginLimits.hang_timeout),
  memory_limit: z
    .int()
    .min(64 * 2 ** 20)
    .default(defaultPluginLimits.memory_limit),
  series_limit: z.int().min(1).max(100_000).default(defaultPluginLimits.series_limit),
});

const externalMetrics = z.strictObject({
  enabled: z.boolean().default(false),
  socket_path: z.string().startsWith('/').max(107).default('/var/run/rezolus/external.sock'),
  socket_mode: z.int().min(0).max(0o777).default(0o660),
  socket_group: z.string().default(''),
  protocol: z.enum(['auto', 'line', 'binary']).default('auto'),
  metric_ttl: durationSchema().prefault('60s'),
  max_connections: z.int().min(1).max(10_000).default(1000),
  max_metrics: z.int().min(1).max(1_000_000).default(100_000),
  max_metrics_per_connection: z.int().min(1).max(1_000_000).default(10_000),
});

/**
 * readPluginPolicy: `[plugins]` of agent.toml alone, before it is known which samplers the rest may name. Throws as
 * {@link loadAgentConfig}.
 */
export function readPluginPolicy(path: string): PluginPolicy {
  return loadConfig(path, z.looseObject({ plugins: plugins.prefault({}) })).plugins;
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
        .transform(() => ({ options: {} }))
        .prefault({}),
    ]),
  );
  const registered = samplerSections(definitions).unwrap();
  const samplers = z.strictObject({ ...refusedSections, ...registered.shape }).prefault({});
  return z.strictObject({
    general: general.prefault({}),
    log: log.prefault({}),
    defaults: defaults.prefault({}),
    prometheus: embeddedSchema.prefault({}),
    plugins: plugins.prefault({}),
    external_metrics: externalMetrics.prefault({}),
    samplers,
    scheduler: unsupported,
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

/**
 * readAgentConfig: reads agent.toml for the samplers of these plugins and the agent's own, before there is an agent.
 * The modules of built-in plugins are imported, which does nothing by itself; of others nothing is. Throws as
 * {@link loadAgentConfig}.
 */
export async function readAgentConfig(path: string, planned: PlannedPlugins): Promise<AgentConfig> {
  const registry = await registryOf(planned, readPluginPolicy(path));
  registerAgentSamplers(registry.for(agentPlugin), new OverheadObserver());
  const { registrations, refusals } = registry.resolve();
  return loadAgentConfig(
    path,
    registrations.map(({ definition }) => definition),
    refusals.map(({ sampler }) => sampler),
  );
}
