import type { BpfLoader } from './bpf.ts';
import type { Clock, MetricGroup } from './group.ts';
import type { Logger } from './log.ts';
import type { GroupDeclaration } from './metrics.ts';
import type { OptionDeclarations, OptionValues } from './options.ts';
import type { GroupSchema, SnapshotGroup } from './snapshot.ts';
import type { ProcessStatus, SamplerReport } from './status.ts';

/**
 * ABI: the version of the sampler contract. It grows only when a plugin made for the old one cannot run; a plugin
 * names the one it was made for as `rezolus.abi` in its package.json and on every definition.
 */
export const ABI = 1;

/** RouteDeclaration: one way in which a sampler can measure, for people who choose a kernel. */
export interface RouteDeclaration {
  /** What is hooked or read, e.g. `tp_btf/sched_switch` or `/proc/meminfo`. */
  readonly route: string;
  /** What the kernel or machine must have for it. */
  readonly needs: string;
  /** In what its numbers differ in meaning from those of the first route. */
  readonly differs?: string;
}

/**
 * SamplerDefinition: what a plugin registers: plain data and one factory. Importing the module that holds it does
 * nothing; the host calls `create` when the sampler is enabled.
 */
export interface SamplerDefinition<Options extends OptionDeclarations = OptionDeclarations> {
  /** snake_case, unique on the host, equal to the key in `[samplers.<name>]` and the label `sampler`. */
  readonly name: string;
  readonly abi: number;
  /** One sentence: what it measures. */
  readonly description: string;
  /** The ways in which it can measure, best first; the one taken is in its status. */
  readonly routes?: readonly RouteDeclaration[];
  /** Default true. False = the sampler must be enabled in its own section. */
  readonly enabledByDefault?: boolean;
  /** Keys that `[samplers.<name>]` may have besides `enabled`. */
  readonly options?: Options;
  readonly groups: readonly GroupDeclaration[];
  /**
   * create: acquires what the sampler needs and returns it. Throws UnsupportedError where this machine lacks it;
   * any other error makes the sampler `failed`. Must not leave anything open when it throws.
   */
  create(context: SamplerContext<OptionValues<Options>>): Sampler | Promise<Sampler>;
}

/** SamplerContext: everything a sampler may touch. Nothing is imported from the host. */
export interface SamplerContext<Options = OptionValues<OptionDeclarations>> {
  readonly sampler: string;
  readonly options: Options;
  readonly log: Logger;
  readonly clock: Clock;
  readonly bpf: BpfLoader;
  /** Aborted when the agent stops or the sampler is shed. */
  readonly signal: AbortSignal;
  /** Options by name of all samplers of this plugin that are enabled; parts of a shared BPF object are switched by it. */
  readonly enabled: ReadonlyMap<string, OptionValues<OptionDeclarations>>;
  /** possibleCpus: highest possible CPU id + 1. */
  readonly possibleCpus: number;
  /**
   * group: the storage of one declared group. `only` drops metrics that this machine does not have, so that they are
   * absent and not zero. Throws REZ_ERR_SAMPLER_DEFINITION for a name that was not declared.
   */
  group(name: string, only?: (metric: GroupDeclaration['metrics'][number]) => boolean): MetricGroup;
  /**
   * shared: one resource for all samplers of the plugin, opened by the first that asks and disposed after the last.
   * A BPF object that several samplers feed from is one.
   */
  shared<T extends Disposable | AsyncDisposable>(key: string, open: () => T | Promise<T>): Promise<T>;
}

/** SampledGroup: a group as a running sampler has it: with the schema of its series. */
export type SampledGroup = SnapshotGroup & { readonly schema: GroupSchema };

/** Sampler: a running sampler. The host calls `refresh` on demand, never two at a time, and reads `groups` after it. */
export interface Sampler {
  readonly groups: readonly SampledGroup[];
  /**
   * refresh: reads everything anew. `tick` is the same for all samplers of one refresh and grows with each, so that
   * what they share can be read once.
   */
  refresh(tick: number): void | Promise<void>;
  /** report: route taken, programs, what is missing and why. */
  report?(): SamplerReport;
  /** process: the process that it runs in, where that is not the host's; asked of a failing sampler too. */
  process?(): ProcessStatus;
  [Symbol.asyncDispose]?(): Promise<void>;
}

/** SamplerRegistrar: what the hook `rezolus:samplers` is handed: add definitions, in any order. */
export interface SamplerRegistrar {
  add(definition: SamplerDefinition): void;
}

/** SamplersHook: the signature of a plugin's hook function for `rezolus:samplers`. */
export type SamplersHook = (options: { registrar: SamplerRegistrar; abi: number }) => void | Promise<void>;

/** defineSampler: returns its argument; infers the types of `options` for `create`. */
export function defineSampler<const Options extends OptionDeclarations>(
  definition: SamplerDefinition<Options>,
): SamplerDefinition {
  return definition as unknown as SamplerDefinition;
}
