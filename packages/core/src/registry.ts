import 'reflect-metadata';
import { container, type DependencyContainer, type InjectionToken } from 'tsyringe';
import { checkDefinition } from './definition.ts';
import { RezolusError } from './errors.ts';
import { ABI, type SamplerDefinition, type SamplerRegistrar } from './sampler.ts';

/** PluginManifest: what a plugin's package.json says of it, read before any of its code runs. */
export interface PluginManifest {
  readonly name: string;
  readonly version: string;
  /** `rezolus.abi` */
  readonly abi: number;
  /** `rezolus.samplers` */
  readonly samplers: readonly string[];
  /** sha512 of the files of an installed plugin, so that another content is another plugin. */
  readonly digest?: string;
  /** Shipped with the agent; wins over a third party's sampler of the same name. */
  readonly builtIn: boolean;
}

/** Registration: a definition and the plugin that brought it. */
export interface Registration {
  readonly plugin: PluginManifest;
  readonly definition: SamplerDefinition;
}

/** Refusal: a sampler or plugin that was not accepted, and why. It ends as a status, never as a crash. */
export interface Refusal {
  readonly plugin: string;
  readonly sampler: string;
  readonly error: RezolusError;
}

const registrationToken: InjectionToken<Registration> = Symbol.for('rezolus.sampler-registration');

/**
 * SamplerRegistry: where plugins' definitions meet. The one user of the dependency-injection container: each
 * registration is a value in a child container of its own, so two registries in one process do not see each other.
 */
export class SamplerRegistry {
  readonly #container: DependencyContainer = container.createChildContainer();
  readonly #refusals: Refusal[] = [];

  /** accepts: whether the plugin's manifest speaks our ABI; if not, each of its samplers becomes a refusal. */
  accepts(plugin: PluginManifest): boolean {
    if (plugin.abi === ABI) return true;
    const which = plugin.abi > ABI ? 'Rezolus' : plugin.name;
    this.refuse(
      plugin,
      new RezolusError(
        'REZ_ERR_PLUGIN_ABI',
        `${plugin.name} speaks ABI ${plugin.abi}, this agent speaks ${ABI}; upgrade ${which}`,
      ),
    );
    return false;
  }

  /** refuse: records that a plugin could not be used, once for each sampler that it announced. */
  refuse(plugin: PluginManifest, error: RezolusError): void {
    const samplers = plugin.samplers.length > 0 ? plugin.samplers : [plugin.name];
    for (const sampler of samplers) this.#refusals.push({ plugin: plugin.name, sampler, error });
  }

  /** for: the registrar that is handed to one plugin's hook. */
  for(plugin: PluginManifest): SamplerRegistrar {
    return {
      add: (definition) => {
        const error = checkDefinition(plugin, definition);
        if (error === null) this.#container.register(registrationToken, { useValue: { plugin, definition } });
        else
          this.#refusals.push({
            plugin: plugin.name,
            sampler: String(definition?.name ?? plugin.name),
            error,
          });
      },
    };
  }

  /**
   * resolve: what will run, sorted by sampler name, and what was refused. Of two samplers with one name, or with a metric
   * of one name where one is a third party's, the built-in one wins, else that of the plugin whose name sorts first;
   * order of registration means nothing.
   */
  resolve(): { registrations: Registration[]; refusals: Refusal[] } {
    const all = this.#container.isRegistered(registrationToken)
      ? this.#container.resolveAll(registrationToken)
      : [];
    const byRank = [...all].sort(
      (a, b) =>
        Number(b.plugin.builtIn) - Number(a.plugin.builtIn) ||
        compare(a.plugin.name, b.plugin.name) ||
        compare(a.definition.name, b.definition.name),
    );
    const accepted = new Map<string, Registration>();
    const owners = new Map<string, PluginManifest>();
    const refusals = [...this.#refusals];
    for (const registration of byRank) {
      const { definition, plugin } = registration;
      const { name } = definition;
      const winner = accepted.get(name);
      const metric = foreignMetric(registration, owners);
      if (winner === undefined && metric === undefined) {
        accepted.set(name, registration);
        for (const { metrics } of definition.groups) for (const one of metrics) owners.set(one.name, plugin);
        continue;
      }
      const taken =
        winner === undefined
          ? `sampler ${name} of ${plugin.name} has the metric ${metric}, which is one of ${owners.get(metric!)!.name}`
          : `sampler ${name} of ${plugin.name} is already registered by ${winner.plugin.name}`;
      const error = new RezolusError('REZ_ERR_SAMPLER_DUPLICATE', taken);
      refusals.push({ plugin: plugin.name, sampler: name, error });
    }
    const registrations = [...accepted.values()].sort((a, b) =>
      compare(a.definition.name, b.definition.name),
    );
    return { registrations, refusals };
  }
}

/** foreignMetric: a metric of a third party's sampler that a sampler of another plugin has already; undefined = none. */
function foreignMetric(
  { plugin, definition }: Registration,
  owners: ReadonlyMap<string, PluginManifest>,
): string | undefined {
  if (plugin.builtIn) return undefined;
  const names = definition.groups.flatMap(({ metrics }) => metrics.map(({ name }) => name));
  return names.find((name) => owners.has(name) && owners.get(name)!.name !== plugin.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
