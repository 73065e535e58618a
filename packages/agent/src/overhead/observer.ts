import {
  type BpfLoader,
  type ProgramInfo,
  type RefreshTime,
  type SamplerStatus,
  sentence,
} from '@rezolus/core';

/** ProgramCost: what one BPF program has cost since the agent started, extrapolated. */
export interface ProgramCost {
  readonly plugin: string;
  readonly program: string;
  runs: number;
  timeNs: number;
  recursionMisses: bigint;
  /** Of the last time it was measured. */
  nsPerSecond: number;
  runsPerSecond: number;
}

/** PluginCost: CPU time that the programs of a plugin take, per second of wall time. */
export interface PluginCost {
  readonly plugin: string;
  readonly ns_per_second: number;
  readonly runs_per_second: number;
  readonly map_bytes: number;
}

/** ObservedSamplers: where the observer looks for what is not the kernel's to say. */
export interface ObservedSamplers {
  refreshTimes(): readonly RefreshTime[];
  status(): readonly SamplerStatus[];
}

/** CostSource: BPF programs that are measured: an object of this process, or those of another one. */
export interface CostSource {
  programInfo(): readonly ProgramInfo[] | Promise<readonly ProgramInfo[]>;
  /** Kernel memory of its maps. */
  mapBytes(): number;
}

interface Reading {
  readonly tracked: Tracked;
  /** Null where there was no answer. */
  readonly infos: readonly ProgramInfo[] | null;
}

interface Tracked {
  readonly plugin: string;
  readonly sampler: string;
  readonly object: CostSource;
  readonly costs: Map<string, ProgramCost>;
}

/** How long programs of another process may take to be read, ms. */
const answerMs = 500;

/**
 * OverheadObserver: knows every BPF object of the samplers and measures what their programs cost: in a window of each
 * interval the kernel's statistics are on, which cost some 20 ns per run themselves, so not all the time.
 */
export class OverheadObserver implements Disposable {
  readonly #tracked: Tracked[] = [];
  #loader: BpfLoader | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stats: Disposable | null = null;
  #measuredAt = performance.now();
  #samplers: ObservedSamplers = { refreshTimes: () => [], status: () => [] };
  #again = false;
  /** Of the measuring that goes on; another one ends it. */
  #generation = 0;
  /** Grows with each measurement. */
  measurements = 0;
  /** Called after each measurement. */
  onMeasured: () => void = () => {};
  /** Why programs are not measured, or null. */
  failure: string | null = null;

  /** track: a loader for one sampler of a plugin that lets the observer see what it opens. */
  track(plugin: string, sampler: string, loader: BpfLoader): BpfLoader {
    this.#loader = loader;
    return {
      kernelBtf: loader.kernelBtf,
      enableStats: () => loader.enableStats(),
      open: (spec) => {
        const object = loader.open(spec);
        const watched = this.watch(plugin, sampler, object);
        const dispose = object[Symbol.dispose].bind(object);
        object[Symbol.dispose] = () => {
          watched[Symbol.dispose]();
          dispose();
        };
        return object;
      },
    };
  }

  /** watch: measures these programs too, until disposed. */
  watch(plugin: string, sampler: string, object: CostSource): Disposable {
    const tracked: Tracked = { plugin, sampler, object, costs: new Map() };
    this.#tracked.push(tracked);
    return {
      [Symbol.dispose]: () => {
        const at = this.#tracked.indexOf(tracked);
        if (at >= 0) this.#tracked.splice(at, 1);
      },
    };
  }

  /** observe: sets the samplers that are looked at. */
  observe(samplers: ObservedSamplers): void {
    this.#samplers = samplers;
  }

  refreshTimes(): readonly RefreshTime[] {
    return this.#samplers.refreshTimes();
  }

  /** drops: events lost so far, by sampler and reason. */
  drops(): { name: string; reason: string; count: number }[] {
    return this.#samplers
      .status()
      .flatMap(({ name, drops = {} }) =>
        Object.entries(drops).map(([reason, count]) => ({ name, reason, count })),
      );
  }

  /** start: measures `windowMs` of every `intervalMs`, the first time at once. */
  start(intervalMs: number, windowMs: number): void {
    const generation = ++this.#generation;
    const open = async () => {
      try {
        this.#stats = this.#loader?.enableStats() ?? null;
      } catch (error) {
        this.failure = sentence(error);
        return;
      }
      const before = await this.#read();
      const began = performance.now();
      this.#later(generation, windowMs, async () => {
        const after = await this.#read();
        const lasted = performance.now() - began;
        this.#close();
        this.#account(before, after, lasted);
        this.#again = false;
        this.onMeasured();
        this.#later(generation, this.#again ? 0 : Math.max(0, intervalMs - windowMs), open);
      });
    };
    this.#later(generation, 0, open);
  }

  /** measureAgain: from `onMeasured`: the next measurement follows at once, to confirm this one. */
  measureAgain(): void {
    this.#again = true;
  }

  /** costOf: what all that the given samplers opened costs, by the last measurement. */
  costOf(samplers: ReadonlySet<string>): { readonly nsPerSecond: number; readonly mapBytes: number } {
    const theirs = this.#tracked.filter(({ sampler }) => samplers.has(sampler));
    const costs = theirs.flatMap(({ costs }) => [...costs.values()]);
    return {
      nsPerSecond: costs.reduce((sum, cost) => sum + cost.nsPerSecond, 0),
      mapBytes: theirs.reduce((sum, { object }) => sum + object.mapBytes(), 0),
    };
  }

  /** programs: the cost of each program, in the order in which they were loaded. */
  programs(): readonly ProgramCost[] {
    return this.#tracked.flatMap(({ costs }) => [...costs.values()]);
  }

  /** plugins: CPU time per second of each plugin's programs, by the last measurement, and the memory of its maps. */
  plugins(): PluginCost[] {
    const byPlugin = Map.groupBy(this.#tracked, ({ plugin }) => plugin);
    return [...byPlugin].map(([plugin, objects]) => {
      const costs = objects.flatMap((tracked) => [...tracked.costs.values()]);
      return {
        plugin,
        ns_per_second: Math.round(costs.reduce((sum, cost) => sum + cost.nsPerSecond, 0)),
        runs_per_second: Math.round(costs.reduce((sum, cost) => sum + cost.runsPerSecond, 0)),
        map_bytes: objects.reduce((sum, { object }) => sum + object.mapBytes(), 0),
      };
    });
  }

  [Symbol.dispose](): void {
    this.#generation++;
    clearTimeout(this.#timer);
    this.#close();
  }

  #later(generation: number, ms: number, work: () => Promise<void>): void {
    if (generation !== this.#generation) return;
    this.#timer = setTimeout(work, ms);
    this.#timer.unref();
  }

  #close(): void {
    this.#stats?.[Symbol.dispose]();
    this.#stats = null;
  }

  /** Another process that does not answer has nothing to say, and keeps nobody waiting for long. */
  #read(): Promise<Reading[]> {
    return Promise.all(
      this.#tracked.map(async (tracked) => {
        const answer = Promise.resolve(tracked.object.programInfo());
        return { tracked, infos: await Promise.race([answer.catch(() => null), silence()]) };
      }),
    );
  }

  #account(before: readonly Reading[], after: readonly Reading[], windowMs: number): void {
    const now = performance.now();
    // The window stands for all the time since the last one.
    const scale = (now - this.#measuredAt) / windowMs;
    this.#measuredAt = now;
    for (const { tracked, infos } of after) {
      const earlier = before.find((entry) => entry.tracked === tracked)?.infos;
      // Without the first of two readings there is no telling what is new.
      if (infos === null || earlier === null) continue;
      for (const info of infos) {
        const was = earlier?.find(({ name }) => name === info.name) ?? { runCount: 0n, runTimeNs: 0n };
        // Programs of a process that was started anew begin at zero.
        const runs = Math.max(0, Number(info.runCount - was.runCount));
        const timeNs = Math.max(0, Number(info.runTimeNs - was.runTimeNs));
        const cost = tracked.costs.get(info.name) ?? newCost(tracked.plugin, info.name);
        cost.runs += runs * scale;
        cost.timeNs += timeNs * scale;
        cost.recursionMisses = info.recursionMisses;
        cost.runsPerSecond = (runs * 1000) / windowMs;
        cost.nsPerSecond = (timeNs * 1000) / windowMs;
        tracked.costs.set(info.name, cost);
      }
    }
    this.measurements++;
  }
}

function silence(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, answerMs, null).unref());
}

function newCost(plugin: string, program: string): ProgramCost {
  return { plugin, program, runs: 0, timeNs: 0, recursionMisses: 0n, nsPerSecond: 0, runsPerSecond: 0 };
}
