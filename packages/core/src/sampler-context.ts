import { RezolusError } from './errors.ts';
import { MetricGroup, systemClock } from './group.ts';
import type { Registration } from './registry.ts';
import type { SamplerContext } from './sampler.ts';
import type { SamplerSetOptions } from './sampler-set.ts';
import type { SharedResources } from './shared.ts';

/** ContextOptions: what the context of one sampler is made of. */
export interface ContextOptions {
  readonly registration: Registration;
  readonly host: SamplerSetOptions;
  readonly options: SamplerContext['options'];
  readonly enabled: SamplerContext['enabled'];
  /** Number of the sampler's first metric on the wire. */
  readonly firstIndex: number;
  readonly signal: AbortSignal;
  readonly resources: SharedResources;
  /** Called with the key of each shared resource that the sampler uses. */
  uses(key: string): void;
}

/** createContext: the context that a sampler's factory is handed. */
export function createContext(given: ContextOptions): SamplerContext {
  const { definition, plugin } = given.registration;
  const { possibleCpus, logger, bpf, clock = systemClock } = given.host;
  return {
    sampler: definition.name,
    options: given.options,
    log: logger(definition.name),
    clock,
    bpf: bpf(plugin.name, definition.name),
    signal: given.signal,
    enabled: given.enabled,
    possibleCpus,
    group: (name, only) => {
      const position = definition.groups.findIndex((group) => group.name === name);
      const declared = definition.groups[position];
      if (declared === undefined) {
        throw new RezolusError(
          'REZ_ERR_SAMPLER_DEFINITION',
          `${definition.name} asks for the group ${name}, which it does not declare`,
        );
      }
      const before = definition.groups
        .slice(0, position)
        .reduce((sum, group) => sum + group.metrics.length, 0);
      const metrics = only === undefined ? declared.metrics : declared.metrics.filter(only);
      return new MetricGroup(definition.name, { ...declared, metrics }, given.firstIndex + before, clock);
    },
    shared: (key, open) => {
      const ownKey = `${plugin.name} ${key}`;
      given.uses(ownKey);
      return given.resources.use(ownKey, open);
    },
  };
}
