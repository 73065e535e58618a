import type { BpfLoader } from './bpf.ts';
import { RezolusError, sentence, UnsupportedError } from './errors.ts';
import type { Clock } from './group.ts';
import type { Logger } from './log.ts';
import { defaultOptions } from './options.ts';
import type { Refusal, Registration } from './registry.ts';
import type { SampledGroup, Sampler, SamplerContext } from './sampler.ts';
import { createContext } from './sampler-context.ts';
import { SharedResources } from './shared.ts';
import { healthOf, type SamplerStatus } from './status.ts';
import { withTimeout } from './timeout.ts';

/** SamplerSettings: the validated `[samplers.<name>]` section of one sampler; an option left out has its default. */
export interface SamplerSettings {
  readonly enabled: boolean;
  readonly options: Readonly<Record<string, boolean | number | string>>;
}

/** SamplerPlan: which samplers there shall be, and with which settings. */
export interface SamplerPlan {
  readonly registrations: readonly Registration[];
  readonly refusals: readonly Refusal[];
  settings(registration: Registration): SamplerSettings;
}

/** SamplerSetOptions: what a set of samplers needs from its host. */
export interface SamplerSetOptions extends SamplerPlan {
  readonly possibleCpus: number;
  logger(sampler: string): Logger;
  /** The loader for one sampler of a plugin; what samplers share is opened by the first of them. */
  bpf(plugin: string, sampler: string): BpfLoader;
  readonly clock?: Clock;
  /** How long one factory may take, ms. Default 10 000. */
  readonly startTimeoutMs?: number;
  /** How long one refresh may take, ms. Default 2 000. */
  readonly refreshTimeoutMs?: number;
}

/** RefreshTime: time spent in a sampler's refreshes so far. */
export interface RefreshTime {
  readonly name: string;
  readonly ms: number;
}

interface Running {
  readonly name: string;
  readonly plugin: string;
  readonly builtIn: boolean;
  /** What it was started with; another fingerprint means that it has to be started anew. */
  readonly wanted: Wanted;
  /** Keys of the shared resources that it uses. */
  readonly uses: ReadonlySet<string>;
  readonly sampler: Sampler;
  refreshMs: number;
  /** All refreshes so far. */
  totalMs: number;
  error: unknown;
  /** The refresh that is still going on. */
  pending: Promise<void> | null;
  dispose(): Promise<void>;
}

interface Wanted {
  readonly registration: Registration;
  readonly enabled: boolean;
  readonly options: SamplerContext['options'];
  readonly enabledOfPlugin: SamplerContext['enabled'];
  readonly fingerprint: string;
}

/**
 * SamplerSet: the samplers of a running agent: starts what is enabled, refreshes all, keeps a status for each and
 * disposes in reverse. A failing sampler is a status, never a crash.
 */
export class SamplerSet implements AsyncDisposable {
  readonly #host: SamplerSetOptions;
  /** In the order in which they were started. */
  #running: Running[] = [];
  #idle: SamplerStatus[] = [];
  #applying: Promise<void> = Promise.resolve();
  #nextIndex = 0;
  #tick = 0;

  private constructor(host: SamplerSetOptions) {
    this.#host = host;
  }

  /** start: creates every enabled sampler, one after the other in order of their names. Never throws for a sampler's fault. */
  static async start(options: SamplerSetOptions): Promise<SamplerSet> {
    const set = new SamplerSet(options);
    await set.apply(options);
    return set;
  }

  /**
   * apply: makes the set what the plan says. A sampler that is enabled with the same options as before runs on as the
   * same object, with its counters; so do the resources that it shares. The others are stopped, then started, in order
   * of their names; what did not start before is tried again. The samplers of a third party's plugin, which run in one
   * process, are started anew together where one of them changes. Plans are applied one after the other.
   */
  apply(plan: SamplerPlan): Promise<void> {
    this.#applying = this.#applying.then(() => this.#apply(plan));
    return this.#applying;
  }

  async #apply(plan: SamplerPlan): Promise<void> {
    const wanted = wantedOf(plan);
    const prints = new Map(
      wanted
        .filter(({ enabled }) => enabled)
        .map((one) => [one.registration.definition.name, one.fingerprint]),
    );
    const { stay = [], leave = [] } = Object.groupBy(this.#running, ({ name, wanted: { fingerprint } }) =>
      prints.get(name) === fingerprint ? 'stay' : 'leave',
    );
    this.#running = stay;
    const staying = new Set(stay.map(({ name }) => name));
    this.#idle = plan.refusals.map(({ sampler, plugin, error }) => ({
      name: sampler,
      plugin,
      state: error.code === 'REZ_ERR_PLUGIN_NOT_ALLOWED' ? 'disabled' : 'failed',
      code: error.code,
      error: error.message,
    }));
    for (const { sampler, plugin, error } of plan.refusals)
      this.#host.logger(sampler).warn({ plugin, code: error.code }, `${error.message}. ${error.remedy}`);
    await this.#disposeAll(leave);
    const resources = new SharedResources();
    // Kept until all have started, so that the next sampler finds what the one before could not make use of.
    const unused: string[] = [];
    for (const one of wanted) {
      const { definition, plugin } = one.registration;
      if (!one.enabled) this.#idle.push({ name: definition.name, plugin: plugin.name, state: 'disabled' });
      else if (!staying.has(definition.name))
        // Those that stay have what they share switched on already, in what they opened.
        unused.push(...(await this.#create(without(one, staying), resources)));
    }
    for (const key of unused) await resources.release(key);
  }

  /** sharers: the running samplers that share a resource with one, itself included; none where it does not run. */
  sharers(name: string): string[] {
    const one = this.#running.find((running) => running.name === name);
    if (one === undefined) return [];
    return this.#running
      .filter((other) => other === one || [...other.uses].some((key) => one.uses.has(key)))
      .map((running) => running.name);
  }

  /**
   * shed: stops one sampler for a reason, which is its status until the next plan. Those that share resources with it
   * are started anew, so that nothing of it is left in a program that they have in common.
   */
  shed(name: string, reason: RezolusError): Promise<void> {
    this.#applying = this.#applying.then(() => this.#shed(name, reason));
    return this.#applying;
  }

  async #shed(name: string, reason: RezolusError): Promise<void> {
    const together = new Set(this.sharers(name));
    const { leave = [], stay = [] } = Object.groupBy(this.#running, (running) =>
      together.has(running.name) ? 'leave' : 'stay',
    );
    this.#running = stay;
    await this.#disposeAll(leave);
    const resources = new SharedResources();
    const unused: string[] = [];
    for (const { wanted, plugin } of leave) {
      const { definition } = wanted.registration;
      if (definition.name === name) {
        this.#idle.push({ name, plugin, state: 'failed', code: reason.code, error: reason.message });
        this.#host.logger(name).error({ code: reason.code }, `stopped: ${reason.message}`);
        continue;
      }
      unused.push(...(await this.#create(without(wanted, new Set([name])), resources)));
    }
    for (const key of unused) await resources.release(key);
  }

  /**
   * refresh: refreshes every sampler: the host's own one after the other, then those of third parties, which wait for
   * their processes, all at a time. One that throws or does not end within the timeout keeps its last values out of
   * the next snapshot; one that is still busy is not called again until it has ended.
   */
  async refresh(): Promise<void> {
    this.#tick++;
    const { own = [], foreign = [] } = Object.groupBy(this.#running, ({ builtIn }) =>
      builtIn ? 'own' : 'foreign',
    );
    for (const running of own.sort(byName)) await this.#refresh(running);
    await Promise.all(foreign.map((running) => this.#refresh(running)));
  }

  async #refresh(running: Running): Promise<void> {
    if (running.pending !== null) return;
    const { name } = running;
    const began = performance.now();
    try {
      const pending = running.sampler.refresh(this.#tick);
      if (pending !== undefined) {
        running.pending = pending;
        const ended = pending.finally(() => {
          running.pending = null;
        });
        await withTimeout(ended, this.#host.refreshTimeoutMs ?? 2000, `${name} did not refresh`);
      }
      if (running.error !== null) this.#host.logger(name).info({}, 'sampler recovered');
      running.error = null;
    } catch (error) {
      if (running.error === null)
        this.#host.logger(name).error({ err: error }, `refresh failed: ${sentence(error)}`);
      running.error = error;
    }
    running.refreshMs = performance.now() - began;
    running.totalMs += running.refreshMs;
  }

  /** groups: the groups of all samplers whose last refresh succeeded, without empty ones, sorted by name. */
  groups(): SampledGroup[] {
    const groups: SampledGroup[] = [];
    for (const { sampler, error } of this.#running) {
      if (error !== null) continue;
      for (const group of sampler.groups) {
        if (group.counters.length + group.gauges.length + group.histograms.length > 0) groups.push(group);
      }
    }
    return groups.sort(byName);
  }

  /** refreshTimes: what each running sampler has cost in refreshes, in order of their names. */
  refreshTimes(): RefreshTime[] {
    return this.#running.map(({ name, totalMs }) => ({ name, ms: totalMs })).sort(byName);
  }

  /** status: one entry per sampler, sorted by name. */
  status(): SamplerStatus[] {
    return [...this.#running.map(statusOf), ...this.#idle].sort(byName);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#applying;
    await this.#disposeAll(this.#running.splice(0));
  }

  /** Disposes samplers in reverse; one that cannot be disposed does not keep the others from it. */
  async #disposeAll(samplers: readonly Running[]): Promise<void> {
    await using disposal = new AsyncDisposableStack();
    for (const { dispose } of samplers) disposal.defer(dispose);
  }

  /** Creates one sampler. Returns the shared resources that it asked for and, not having started, does not use. */
  async #create(one: Wanted, resources: SharedResources): Promise<readonly string[]> {
    const { definition, plugin } = one.registration;
    const { name } = definition;
    const abort = new AbortController();
    const used: string[] = [];
    const firstIndex = this.#nextIndex;
    this.#nextIndex += definition.groups.reduce((sum, group) => sum + group.metrics.length, 0);
    const context = createContext({
      registration: one.registration,
      host: this.#host,
      options: one.options,
      enabled: one.enabledOfPlugin,
      firstIndex,
      signal: abort.signal,
      resources,
      uses: (key) => used.push(key),
    });
    try {
      const starting = Promise.resolve().then(() => definition.create(context));
      const timeoutMs = this.#host.startTimeoutMs ?? 10_000;
      const sampler = await withTimeout(starting, timeoutMs, `${name} did not start`).catch((error) => {
        // One that comes too late is not left open.
        starting.then(
          (late) => late[Symbol.asyncDispose]?.(),
          () => {},
        );
        throw error;
      });
      const running: Running = {
        name,
        plugin: plugin.name,
        builtIn: plugin.builtIn,
        wanted: one,
        uses: new Set(used),
        sampler,
        refreshMs: 0,
        totalMs: 0,
        error: null,
        pending: null,
        dispose: async () => {
          abort.abort();
          await running.pending?.catch(() => {});
          try {
            await sampler[Symbol.asyncDispose]?.();
          } finally {
            for (const key of used) await resources.release(key);
          }
        },
      };
      this.#running.push(running);
      return [];
    } catch (error) {
      abort.abort();
      const unsupported = error instanceof UnsupportedError;
      const code = error instanceof RezolusError ? error.code : 'REZ_ERR_SAMPLER_START';
      const message = sentence(error);
      this.#idle.push({
        name,
        plugin: plugin.name,
        state: unsupported ? 'disabled' : 'failed',
        code,
        error: message,
        ...(unsupported && { health: 'unsupported' as const }),
      });
      if (unsupported) context.log.info({ code }, `not supported here: ${message}`);
      else context.log.error({ code, err: error }, `did not start: ${message}`);
      return used;
    }
  }
}

/** wantedOf: each registration with its settings and what its running depends on. */
function wantedOf({ registrations, settings }: SamplerPlan): Wanted[] {
  const each = registrations.map((registration) => {
    const { enabled, options } = settings(registration);
    const defaults = defaultOptions(registration.definition.options ?? {});
    return { registration, enabled, options: { ...defaults, ...options } };
  });
  return each.map((one) => {
    const { plugin, definition } = one.registration;
    const enabledOfPlugin = new Map(
      each
        .filter(({ registration, enabled }) => enabled && registration.plugin.name === plugin.name)
        .map(({ registration, options }) => [registration.definition.name, options]),
    );
    const dependsOn = plugin.builtIn ? [[definition.name, one.options]] : [...enabledOfPlugin];
    const fingerprint = JSON.stringify([plugin.name, plugin.version, plugin.digest, dependsOn]);
    return { ...one, enabledOfPlugin, fingerprint };
  });
}

/** without: the same with some samplers of the plugin taken for switched off. */
function without(one: Wanted, names: ReadonlySet<string>): Wanted {
  return { ...one, enabledOfPlugin: new Map([...one.enabledOfPlugin].filter(([name]) => !names.has(name))) };
}

function statusOf({ name, plugin, sampler, error, refreshMs }: Running): SamplerStatus {
  const process = sampler.process?.();
  const common = {
    name,
    plugin,
    refresh_us: Math.round(refreshMs * 1000),
    ...(process !== undefined && { process }),
  };
  if (error !== null) {
    const code = error instanceof RezolusError ? { code: error.code } : {};
    return { ...common, state: 'failed', error: sentence(error), ...code };
  }
  const report = sampler.report?.();
  if (report === undefined) return { ...common, state: 'active', health: 'healthy' };
  return {
    ...common,
    state: 'active',
    health: healthOf(report),
    route: report.route,
    ...(report.programs && { programs: report.programs }),
    ...(report.missing?.length && { missing: report.missing }),
    ...(report.drops && { drops: report.drops }),
    ...(report.mapBytes !== undefined && { map_bytes: report.mapBytes }),
  };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
