import {
  type BpfLoader,
  type BpfObject,
  type GroupSchema,
  type PluginEntry,
  possibleCpus,
  RezolusError,
  registerPlugins,
  SamplerRegistry,
  SamplerSet,
  type SamplerStatus,
} from '@rezolus/core';
import { encodeV3 } from '@rezolus/exposition';
import { createBpfLoader } from '@rezolus/libbpf';
import type { Described, LogLevel, Options, ProgramRuns, Refused } from '../messages.ts';

/** Say: takes a line of a sampler's log. */
export type Say = (level: LogLevel, sampler: string, message: string) => void;

/** PluginHost: the samplers of one plugin. */
export class PluginHost implements AsyncDisposable {
  readonly #registry: SamplerRegistry;
  readonly #maxSeries: number;
  readonly #say: Say;
  readonly #objects = new Set<BpfObject>();
  /** The schema that was sent last, by the name of the group. */
  readonly #sent = new Map<string, GroupSchema>();
  #set: SamplerSet | undefined;

  private constructor(registry: SamplerRegistry, maxSeries: number, say: Say) {
    this.#registry = registry;
    this.#maxSeries = maxSeries;
    this.#say = say;
  }

  /** create: imports the plugin and lets it register its samplers. */
  static async create({ manifest, hooks }: PluginEntry, maxSeries: number, say: Say): Promise<PluginHost> {
    const registry = new SamplerRegistry();
    // At home here: what sets third parties apart is the host's business.
    await registerPlugins(registry, [{ manifest: { ...manifest, builtIn: true }, hooks }]);
    return new PluginHost(registry, maxSeries, say);
  }

  /** described: what the plugin registered, as data. */
  described(): { definitions: Described[]; refusals: Refused[] } {
    const { registrations, refusals } = this.#registry.resolve();
    return {
      definitions: registrations.map(({ definition: { create: _, ...described } }) => described),
      refusals: refusals.map(({ sampler, error }) => ({ sampler, code: error.code, message: error.message })),
    };
  }

  /** start: starts the samplers that have options here; a sampler that does not start is a status. */
  async start(samplers: Options): Promise<void> {
    const logger = (sampler: string) => {
      const at = (level: LogLevel) => (_: object, message: string) => this.#say(level, sampler, message);
      return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
    };
    this.#set = await SamplerSet.start({
      ...this.#registry.resolve(),
      settings: ({ definition: { name } }) => ({
        enabled: Object.hasOwn(samplers, name),
        options: samplers[name] ?? {},
      }),
      possibleCpus: possibleCpus(),
      logger,
      bpf: () => this.#tracking(createBpfLoader(logger('libbpf'))),
    });
  }

  /** refresh: refreshes the samplers. Returns the snapshot in V3, without the schemas that were sent before. */
  async refresh(): Promise<Uint8Array> {
    const set = this.#set!;
    await set.refresh();
    const groups = set.groups();
    const series = groups.reduce(
      (sum, { counters, gauges, histograms }) => sum + counters.length + gauges.length + histograms.length,
      0,
    );
    if (series > this.#maxSeries) {
      const text = `has ${series} series; allowed are ${this.#maxSeries}`;
      throw new RezolusError('REZ_ERR_PLUGIN_LIMIT', text);
    }
    const snapshot = { systemTimeNs: 0n, durationNs: 0n, metadata: {}, groups };
    const bytes = encodeV3(snapshot, ({ name, schema }) => this.#sent.get(name) === schema);
    for (const { name, schema } of groups) this.#sent.set(name, schema);
    return bytes;
  }

  status(): SamplerStatus[] {
    return this.#set!.status();
  }

  /** costs: what the kernel has counted of each BPF program. */
  costs(): ProgramRuns[] {
    return [...this.#objects].flatMap((object) =>
      object.programInfo().map(({ name, runCount, runTimeNs, recursionMisses }) => ({
        program: name,
        runs: Number(runCount),
        ns: Number(runTimeNs),
        misses: Number(recursionMisses),
      })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#set?.[Symbol.asyncDispose]();
  }

  #tracking(loader: BpfLoader): BpfLoader {
    return {
      kernelBtf: loader.kernelBtf,
      enableStats: () => loader.enableStats(),
      open: (spec) => {
        const object = loader.open(spec);
        this.#objects.add(object);
        const dispose = object[Symbol.dispose].bind(object);
        object[Symbol.dispose] = () => {
          this.#objects.delete(object);
          dispose();
        };
        return object;
      },
    };
  }
}
