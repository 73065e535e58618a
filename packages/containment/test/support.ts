import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  ABI,
  type BpfLoader,
  defineSampler,
  type Logger,
  type PluginEntry,
  type SamplerDefinition,
  SamplerRegistry,
  SamplerSet,
  type SamplerStatus,
} from '@rezolus/core';
import { type InstalledPlugin, type PluginLimits, registerContained } from '../src/index.ts';
import { digestFiles, digestOf } from '../src/store/files.ts';

/** limits: wide ones, so that a busy machine does not trip over them. */
export const limits: PluginLimits = {
  start_timeout: 20_000,
  refresh_timeout: 10_000,
  hang_timeout: 20_000,
  memory_limit: 256 * 2 ** 20,
  series_limit: 10_000,
};

/** Fixtures: the plugins of these tests, where any user can read them and root alone can change them. */
export class Fixtures implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'rezolus-containment-'));

  constructor() {
    cpSync(fileURLToPath(new URL('./fixtures', import.meta.url)), this.root, { recursive: true });
    chmodSync(this.root, 0o755);
  }

  async entry(fixture: string, samplers: readonly string[] = ['guest']): Promise<PluginEntry> {
    return {
      manifest: {
        name: `rezolus-plugin-${fixture}`,
        version: '1.0.0',
        abi: ABI,
        samplers,
        builtIn: false,
        digest: digestOf(await digestFiles(this.root)),
      },
      hooks: [pathToFileURL(join(this.root, `${fixture}.mjs`)).href],
    };
  }

  /** installed: a fixture and what it registers, without asking it. */
  async installed(fixture: string, samplers: readonly string[] = ['guest']): Promise<InstalledPlugin> {
    const { define }: { define(name: string): SamplerDefinition } = await import(
      pathToFileURL(join(this.root, 'sampler.mjs')).href
    );
    const definitions = samplers.map((name) => {
      const { create: _, ...described } = define(name);
      return described;
    });
    return { entry: await this.entry(fixture, samplers), root: this.root, definitions, refusals: [] };
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Lines: what was logged. */
export class Lines {
  readonly lines: string[] = [];
  readonly #add = (_: object, message: string) => void this.lines.push(message);
  readonly logger: Logger = { debug: this.#add, info: this.#add, warn: this.#add, error: this.#add };
}

const noBpf: BpfLoader = {
  kernelBtf: false,
  open() {
    throw new Error('nothing of a third party is loaded here');
  },
  enableStats: () => ({ [Symbol.dispose]() {} }),
};

const own = defineSampler({
  name: 'host',
  abi: ABI,
  description: 'the sampler of the host, which nothing may keep from counting',
  groups: [
    {
      name: 'main',
      per: 'host',
      metrics: [{ name: 'host_total', kind: 'counter', description: 'refreshes' }],
    },
  ],
  create: (context) => {
    const group = context.group('main');
    return {
      groups: [group],
      refresh() {
        group.counters[0]! += 1n;
      },
    };
  },
});

/** Host: a set of samplers with one of its own and those of contained plugins. */
export class Host implements AsyncDisposable {
  readonly log = new Lines();
  refreshes = 0;
  #set!: SamplerSet;

  static async start(plugins: readonly InstalledPlugin[], more: Partial<PluginLimits> = {}): Promise<Host> {
    const host = new Host();
    host.#set = await SamplerSet.start({
      ...Host.plan(plugins, more),
      possibleCpus: 1,
      logger: () => host.log.logger,
      bpf: () => noBpf,
      startTimeoutMs: 30_000,
      refreshTimeoutMs: 30_000,
    });
    return host;
  }

  static plan(plugins: readonly InstalledPlugin[], more: Partial<PluginLimits>) {
    const registry = new SamplerRegistry();
    registry.for({ name: 'own', version: '1.0.0', abi: ABI, samplers: ['host'], builtIn: true }).add(own);
    for (const plugin of plugins) registerContained(registry, plugin, { ...limits, ...more });
    return { ...registry.resolve(), settings: () => ({ enabled: true, options: {} }) };
  }

  /** refresh: refreshes; fails where the host's own sampler did not count. Returns the counters by sampler. */
  async refresh(): Promise<Record<string, number>> {
    await this.#set.refresh();
    this.refreshes++;
    const counts = Object.fromEntries(
      this.#set.groups().map(({ name, counters }) => [name.split('/')[0]!, Number(counters[0])]),
    );
    if (counts.host !== this.refreshes)
      throw new Error(`the host counted ${counts.host}, not ${this.refreshes}`);
    return counts;
  }

  groups() {
    return this.#set.groups();
  }

  status(sampler: string): SamplerStatus {
    return this.#set.status().find(({ name, plugin }) => name === sampler && plugin !== 'own')!;
  }

  /** until: refreshes until the status of a sampler is as it shall be, and returns it. */
  async until(sampler: string, holds: (status: SamplerStatus) => boolean): Promise<SamplerStatus> {
    for (;;) {
      await this.refresh();
      const status = this.status(sampler);
      if (holds(status)) return status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#set[Symbol.asyncDispose]();
  }
}
