import type { PluginPolicy } from '@rezolus/containment/store';
import type { ListenAddress, Registration } from '@rezolus/core';
import type { EmbeddedSection } from '@rezolus/exporter';
import { type ExternalSection, externalName } from './external/index.ts';

/** Budget: what one sampler may take; what is absent is not limited. */
export interface Budget {
  /** CPU time per second of its programs in the kernel and of its refreshes, ms. */
  readonly cpu?: number;
  readonly series?: number;
  /** Bytes of kernel memory of its maps. */
  readonly map_bytes?: number;
}

type Options = Readonly<Record<string, boolean | number | string>>;

/** SamplerSection: `[samplers.<name>]` after validation. */
export interface SamplerSection {
  readonly enabled?: boolean;
  readonly budget?: Budget;
  /** Every option of the sampler. */
  readonly options: Options;
}

/** AgentConfig: agent.toml after validation, with defaults filled in; durations in ms. */
export interface AgentConfig {
  readonly general: {
    readonly listen: ListenAddress;
    /** Empty = none. */
    readonly web_config_file: string;
    /** Names besides addresses, localhost and the hostname that clients may call this machine by. */
    readonly hosts: readonly string[];
    readonly ttl: number;
    readonly snapshot_format: 'v2' | 'v3';
  };
  readonly log: { readonly level: 'error' | 'warn' | 'info' | 'debug' | 'trace' };
  readonly defaults: { readonly enabled: boolean; readonly budget: Budget };
  readonly prometheus: EmbeddedSection;
  /** What plugins of third parties may do; `allow` names those that are loaded, absent = all. */
  readonly plugins: PluginPolicy;
  readonly external_metrics: ExternalSection;
  readonly samplers: Readonly<Record<string, SamplerSection>>;
}

/** samplerSettings: whether a sampler runs and with which options: its own section, else `[defaults]`. */
export function samplerSettings(config: AgentConfig, { definition }: Registration) {
  if (definition.name === externalName) {
    const { enabled, ...options } = config.external_metrics;
    return { enabled, options };
  }
  const { enabled, options = {} } = config.samplers[definition.name] ?? {};
  const byDefault = definition.enabledByDefault !== false && config.defaults.enabled;
  return { enabled: enabled ?? byDefault, options };
}

/** budgetOf: what a sampler may take: its own section, key by key, else `[defaults]`. */
export function budgetOf({ defaults, samplers }: AgentConfig, sampler: string): Budget {
  return { ...defaults.budget, ...samplers[sampler]?.budget };
}
