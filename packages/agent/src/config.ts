import type { ListenAddress, Registration } from '@rezolus/core';
import type { EmbeddedSection } from '@rezolus/exporter';

/** SamplerSection: `[samplers.<name>]` after validation: `enabled` where it is set, and every option of the sampler. */
export type SamplerSection = { readonly enabled?: boolean } & Readonly<
  Record<string, boolean | number | string | undefined>
>;

/** AgentConfig: agent.toml after validation, with defaults filled in; durations in ms. */
export interface AgentConfig {
  readonly general: {
    readonly listen: ListenAddress;
    /** Empty = none. */
    readonly web_config_file: string;
    readonly ttl: number;
    readonly snapshot_format: 'v2' | 'v3';
  };
  readonly log: { readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace' };
  readonly defaults: { readonly enabled: boolean };
  readonly prometheus: EmbeddedSection;
  readonly samplers: Readonly<Record<string, SamplerSection>>;
}

/** samplerSettings: whether a sampler runs and with which options: its own section, else `[defaults]`. */
export function samplerSettings(config: AgentConfig, { definition }: Registration) {
  const { enabled, ...options } = config.samplers[definition.name] ?? {};
  const byDefault = definition.enabledByDefault !== false && config.defaults.enabled;
  return { enabled: enabled ?? byDefault, options: options as Record<string, boolean | number | string> };
}
