import type { BpfLoader } from './bpf.ts';
import { RezolusError, sentence, UnsupportedError } from './errors.ts';
import { type Clock, MetricGroup, systemClock } from './group.ts';
import type { Logger } from './log.ts';
import { defaultOptions } from './options.ts';
import type { Refusal, Registration } from './registry.ts';
import type { Sampler, SamplerContext } from './sampler.ts';
import { healthOf, type SamplerStatus } from './status.ts';

/** SamplerSettings: the validated `[samplers.<name>]` section of one sampler; an option left out has its default. */
export interface SamplerSettings {
  readonly enabled: boolean;
  readonly options: Readonly<Record<string, boolean | number | string>>;
}

/** SamplerSetOptions: what a set of samplers needs from its host. */
export interface SamplerSetOptions {
  readonly registrations: readonly Registration[];
  readonly refusals: readonly Refusal[];
  settings(registration: Registration): SamplerSettings;
  readonly possibleCpus: number;
  logger(sampler: string): Logger;
  /** The loader for the samplers of one plugin. */
  bpf(plugin: string): BpfLoader;
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
  readonly sampler: Sampler;
  refreshMs: number;
  /** All refreshes so far. */
  totalMs: number;
  error: unknown;
  /** A refresh is still going on. */
  busy: boolean;
}

/**
 * SamplerSet: the samplers of a running agent: starts what is enabled, refreshes all, keeps a status for each and
 * disposes in reverse. A failing sampler is a status, never a crash.
 */
export class SamplerSet implements AsyncDisposable {
  readonly #running: Running[] = [];
  readonly #idle: SamplerStatus[] = [];
  readonly #disposal = new AsyncDisposableStack();
  readonly #abort = new AbortController();
  readonly #log: (sampler: string) => Logger;
  readonly #refreshTimeoutMs: number;
  #tick = 0;

  private constructor({ logger, refreshTimeoutMs = 2000 }: SamplerSetOptions) {
    this.#log = logger;
    this.#refreshTimeoutMs = refreshTimeoutMs;
  }

  /** start: creates every enabled sampler, one after the other in order of their names. Never throws for a sampler's fault. */
  static async start(options: SamplerSetOptions): Promise<SamplerSet> {
    const set = new SamplerSet(options);
    for (const { sampler, plugin, error } of options.refusals) {
      set.#idle.push({ name: sampler, plugin, state: 'failed', code: error.code, error: error.message });
      options.logger(sampler).warn({ plugin, code: error.code }, `${error.message}. ${error.remedy}`);
    }
    const starting = options.registrations.map((registration) => {
      const { enabled, options: given } = options.settings(registration);
      const defaults = defaultOptions(registration.definition.options ?? {});
      return { registration, settings: { enabled, options: { ...defaults, ...given } } };
    });
    const enabledByPlugin = new Map<string, Map<string, SamplerContext['options']>>();
    for (const { registration, settings } of starting) {
      const enabled = enabledByPlugin.get(registration.plugin.name) ?? new Map();
      if (settings.enabled) enabled.set(registration.definition.name, settings.options);
      enabledByPlugin.set(registration.plugin.name, enabled);
    }
    const shared = new Map<string, Promise<Disposable | AsyncDisposable>>();
    let firstIndex = 0;
    for (const { registration, settings } of starting) {
      const { definition, plugin } = registration;
      if (!settings.enabled) {
        set.#idle.push({ name: definition.name, plugin: plugin.name, state: 'disabled' });
        continue;
      }
      const base = firstIndex;
      firstIndex += definition.groups.reduce((sum, group) => sum + group.metrics.length, 0);
      const context = set.#context(
        registration,
        settings,
        base,
        enabledByPlugin.get(plugin.name)!,
        shared,
        options,
      );
      await set.#create(registration, context, options.startTimeoutMs ?? 10_000);
    }
    return set;
  }

  /**
   * refresh: refreshes every sampler. One that throws or does not end within the timeout keeps its last values out of
   * the next snapshot; one that is still busy is not called again until it has ended.
   */
  async refresh(): Promise<void> {
    this.#tick++;
    for (const running of this.#running) {
      if (running.busy) continue;
      const began = performance.now();
      try {
        const pending = running.sampler.refresh(this.#tick);
        if (pending !== undefined) await this.#await(running, pending);
        if (running.error !== null) this.#log(running.name).info({}, 'sampler recovered');
        running.error = null;
      } catch (error) {
        if (running.error === null)
          this.#log(running.name).error({ err: error }, `refresh failed: ${sentence(error)}`);
        running.error = error;
      }
      running.refreshMs = performance.now() - began;
      running.totalMs += running.refreshMs;
    }
  }

  async #await(running: Running, pending: Promise<void>): Promise<void> {
    running.busy = true;
    const ended = pending.finally(() => {
      running.busy = false;
    });
    await withTimeout(ended, this.#refreshTimeoutMs, `${running.name} did not refresh`);
  }

  /** groups: the groups of all samplers whose last refresh succeeded, without empty ones, sorted by name. */
  groups(): MetricGroup[] {
    const groups: MetricGroup[] = [];
    for (const { sampler, error } of this.#running) {
      if (error !== null) continue;
      for (const group of sampler.groups) {
        if (group.counters.length + group.gauges.length + group.histograms.length > 0) groups.push(group);
      }
    }
    return groups.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** refreshTimes: what each running sampler has cost in refreshes, in order of their names. */
  refreshTimes(): RefreshTime[] {
    return this.#running.map(({ name, totalMs }) => ({ name, ms: totalMs }));
  }

  /** status: one entry per sampler, sorted by name. */
  status(): SamplerStatus[] {
    const active = this.#running.map(({ name, plugin, sampler, error, refreshMs }): SamplerStatus => {
      const refresh_us = Math.round(refreshMs * 1000);
      if (error !== null) {
        const code = error instanceof RezolusError ? { code: error.code } : {};
        return { name, plugin, state: 'failed', error: sentence(error), ...code, refresh_us };
      }
      const report = sampler.report?.();
      if (report === undefined) return { name, plugin, state: 'active', health: 'healthy', refresh_us };
      return {
        name,
        plugin,
        state: 'active',
        health: healthOf(report),
        route: report.route,
        refresh_us,
        ...(report.programs && { programs: report.programs }),
        ...(report.missing?.length && { missing: report.missing }),
        ...(report.drops && { drops: report.drops }),
        ...(report.mapBytes !== undefined && { map_bytes: report.mapBytes }),
      };
    });
    return [...active, ...this.#idle].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    this.#running.length = 0;
    await this.#disposal.disposeAsync();
  }

  #context(
    { definition, plugin }: Registration,
    settings: SamplerSettings,
    base: number,
    enabled: SamplerContext['enabled'],
    sharedResources: Map<string, Promise<Disposable | AsyncDisposable>>,
    { possibleCpus, logger, bpf, clock = systemClock }: SamplerSetOptions,
  ): SamplerContext {
    return {
      sampler: definition.name,
      options: settings.options,
      log: logger(definition.name),
      clock,
      bpf: bpf(plugin.name),
      signal: this.#abort.signal,
      enabled,
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
        return new MetricGroup(definition.name, { ...declared, metrics }, base + before, clock);
      },
      shared: async <T extends Disposable | AsyncDisposable>(
        key: string,
        open: () => T | Promise<T>,
      ): Promise<T> => {
        const ownKey = `${plugin.name} ${key}`;
        let resource = sharedResources.get(ownKey) as Promise<T> | undefined;
        if (resource === undefined) {
          resource = Promise.resolve()
            .then(open)
            .then((opened) => {
              this.#disposal.defer(async () => {
                if (Symbol.asyncDispose in opened) await opened[Symbol.asyncDispose]();
                else opened[Symbol.dispose]();
              });
              return opened;
            });
          sharedResources.set(ownKey, resource);
        }
        return resource;
      },
    };
  }

  async #create(
    { definition, plugin }: Registration,
    context: SamplerContext,
    timeoutMs: number,
  ): Promise<void> {
    const { name } = definition;
    try {
      const starting = Promise.resolve().then(() => definition.create(context));
      const sampler = await withTimeout(starting, timeoutMs, `${name} did not start`).catch((error) => {
        // One that comes too late is not left open.
        starting.then(
          (late) => late[Symbol.asyncDispose]?.(),
          () => {},
        );
        throw error;
      });
      this.#disposal.defer(async () => sampler[Symbol.asyncDispose]?.());
      this.#running.push({
        name,
        plugin: plugin.name,
        sampler,
        refreshMs: 0,
        totalMs: 0,
        error: null,
        busy: false,
      });
    } catch (error) {
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
    }
  }
}

async function withTimeout<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RezolusError('REZ_ERR_SAMPLER_TIMEOUT', `${what} within ${ms} ms`)),
      ms,
    );
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
