import {
  type Logger,
  type ProcessStatus,
  type ProgramInfo,
  RezolusError,
  type SampledGroup,
  type Sampler,
  type SamplerReport,
  type SamplerStatus,
  sentence,
  UnsupportedError,
} from '@rezolus/core';
import { SnapshotDecoder } from '@rezolus/exposition';
import type { SnapshotCheck } from './check.ts';
import { fixedLimits } from './limits.ts';
import type { Options } from './messages.ts';
import { codeOf, PluginProcess, type ProcessOptions } from './process.ts';
import { reportOf, statusesOf } from './status.ts';
import { plain } from './text.ts';

/** ContainedOptions: the plugin, what it may take, its samplers that are enabled, and what they may send. */
export interface ContainedOptions extends ProcessOptions {
  readonly samplers: Options;
  readonly check: SnapshotCheck;
  /** Called before each start: throws where the files are not what was installed. */
  verify(): Promise<void>;
  /** First pause before a new start, ms; default 1 s. */
  readonly firstPauseMs?: number;
}

/**
 * ContainedPlugin: a plugin of a third party in a process of its own. Its samplers are asked together once per refresh;
 * an answer that is late or not believed leaves their groups out. A process that ends, hangs or takes too much is
 * started again after a pause, each twice as long as the one before; one that lies is not.
 */
export class ContainedPlugin implements AsyncDisposable {
  readonly #options: ContainedOptions;
  readonly #name: string;
  readonly #log: Logger;
  #process: PluginProcess | null = null;
  #decoder = new SnapshotDecoder();
  #statuses = new Map<string, SamplerStatus>();
  #groups = new Map<string, SampledGroup[]>();
  /** Why nothing is to be had of it now; null while its process answers. */
  #reason: RezolusError | null = null;
  #asked: { readonly tick: number; readonly answer: Promise<void> } | null = null;
  /** An answer that did not come in time and is still owed. */
  #owed = false;
  #restarts = 0;
  #rejected = 0;
  #pauseMs: number;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  private constructor(options: ContainedOptions) {
    this.#options = options;
    this.#name = options.plugin.manifest.name;
    this.#log = options.log;
    this.#pauseMs = options.firstPauseMs ?? fixedLimits.firstPauseMs;
  }

  /**
   * start: starts the process and waits for its samplers as long as `start_timeout`. A process that does not come up is
   * no error here: it is tried again, and its samplers' refreshes say why.
   */
  static async start(options: ContainedOptions): Promise<ContainedPlugin> {
    const plugin = new ContainedPlugin(options);
    await plugin.#start();
    return plugin;
  }

  /**
   * sampler: what the agent runs in the place of one of the plugin's samplers. Throws UnsupportedError or
   * RezolusError as its factory did in the process. `firstIndex` numbers the first metric of each of its groups.
   */
  sampler(name: string, firstIndex: (group: string) => number): Sampler {
    this.#throwIfNotStarted(name);
    this.#options.check.expect(name, firstIndex);
    const groups = () => this.#groups.get(name) ?? [];
    return {
      get groups() {
        return groups();
      },
      refresh: (tick) => this.#refresh(name, tick),
      report: () => this.#report(name),
      process: () => this.#processStatus(),
    };
  }

  /**
   * programInfo: what the kernel has counted of its BPF programs since its process was started; empty where it does not
   * run. Rejects where it owes an answer.
   */
  async programInfo(): Promise<ProgramInfo[]> {
    if (this.#process === null || this.#reason !== null) return [];
    if (this.#owed) throw new RezolusError('REZ_ERR_SAMPLER_TIMEOUT', `${this.#name} owes an answer`);
    const { message } = await this.#process.ask({ kind: 'costs' });
    const programs: unknown = message.kind === 'costs' ? message.programs : [];
    return (Array.isArray(programs) ? programs.slice(0, fixedLimits.programs) : []).map((one) => ({
      name: plain(one?.program),
      runCount: bigCount(one?.runs),
      runTimeNs: bigCount(one?.ns),
      recursionMisses: bigCount(one?.misses),
    }));
  }

  /** mapBytes: kernel memory of the maps of all its samplers, as they say. */
  mapBytes(): number {
    return [...this.#statuses.values()].reduce((sum, { map_bytes = 0 }) => sum + map_bytes, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#process?.stop();
  }

  /** Starts the process. Does not reject: a fault is the reason why there is none. */
  async #start(): Promise<void> {
    let process: PluginProcess;
    try {
      await this.#options.verify();
      if (this.#stopping) return;
      process = new PluginProcess(this.#options);
    } catch (error) {
      this.#reason = failureOf(error);
      this.#log.error({ code: this.#reason.code }, sentence(this.#reason));
      return;
    }
    this.#process = process;
    this.#decoder = new SnapshotDecoder();
    this.#asked = null;
    this.#owed = false;
    this.#startedAt = performance.now();
    const over = process.ended.then((reason) => this.#ended(reason));
    const { start_timeout } = this.#options.limits;
    const timer = setTimeout(() => {
      const text = `${this.#name} did not start within ${start_timeout} ms`;
      process.kill(new RezolusError('REZ_ERR_SAMPLER_TIMEOUT', text));
    }, start_timeout);
    try {
      const { message } = await process.begin({ task: 'run', samplers: this.#options.samplers });
      if (message.kind !== 'started') throw lied(`${this.#name} did not say that it had started`);
      this.#statuses = statusesOf(message.samplers, this.#options.samplers);
      process.checkPowerless();
      this.#reason = null;
    } catch (error) {
      process.kill(failureOf(error));
      await over;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The process has ended, whoever wanted it. */
  #ended(reason: RezolusError): void {
    this.#process = null;
    this.#groups.clear();
    this.#reason = reason;
    if (this.#stopping) return;
    if (performance.now() - this.#startedAt > fixedLimits.settledMs)
      this.#pauseMs = this.#options.firstPauseMs ?? fixedLimits.firstPauseMs;
    if (reason.code === 'REZ_ERR_PLUGIN_DATA') {
      this.#log.error({ code: reason.code }, `stopped: ${reason.message}`);
      return;
    }
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(2 * pauseMs, fixedLimits.longestPauseMs);
    const { code } = reason;
    this.#log.error({ code }, `${reason.message}; it is started again in ${pauseMs / 1000} s`);
    this.#timer = setTimeout(() => {
      this.#restarts++;
      void this.#start();
    }, pauseMs);
    this.#timer.unref();
  }

  async #refresh(name: string, tick: number): Promise<void> {
    if (this.#asked?.tick !== tick) this.#asked = { tick, answer: this.#ask(tick) };
    await this.#asked.answer;
    const status = this.#statuses.get(name);
    if (status !== undefined && status.state !== 'active') throw faultOf(status);
  }

  /** Asks for a snapshot and takes it in, or says why there is none. */
  async #ask(tick: number): Promise<void> {
    const process = this.#process;
    if (process === null || this.#reason !== null)
      throw this.#reason ?? new RezolusError('REZ_ERR_PLUGIN_CRASHED', `${this.#name} is being started`);
    const { refresh_timeout, hang_timeout } = this.#options.limits;
    const late = new RezolusError(
      'REZ_ERR_SAMPLER_TIMEOUT',
      `${this.#name} did not answer within ${refresh_timeout} ms`,
    );
    if (this.#owed) throw late;
    const hang = setTimeout(() => {
      const text = `${this.#name} did not answer within ${hang_timeout} ms`;
      process.kill(new RezolusError('REZ_ERR_SAMPLER_TIMEOUT', text));
    }, hang_timeout);
    const answered = process.ask({ kind: 'refresh', tick }).finally(() => clearTimeout(hang));
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      this.#owed = true;
      this.#rejected++;
      this.#groups.clear();
      reject(late);
    }, refresh_timeout);
    // Taken in also when it is late: the decoder has to know the schemas that it brings.
    const taken = answered.then(({ message, body }) => {
      if (message.kind !== 'refreshed' || message.tick !== tick)
        throw lied(`${this.#name} answered something else`);
      this.#take(message.samplers, body);
    });
    const settled = taken
      .catch((error: unknown) => {
        process.kill(failureOf(error));
        throw error;
      })
      .finally(() => {
        clearTimeout(timer);
        if (this.#owed) this.#groups.clear();
        this.#owed = false;
      });
    settled.catch(() => {});
    await Promise.race([settled, tooLate]);
  }

  #take(samplers: unknown, body: Uint8Array): void {
    this.#statuses = statusesOf(samplers, this.#options.samplers);
    let groups: ReturnType<SnapshotDecoder['decode']>['groups'];
    try {
      ({ groups } = this.#decoder.decode(body));
    } catch (cause) {
      throw new RezolusError('REZ_ERR_PLUGIN_DATA', `${this.#name} sent no snapshot`, { cause });
    }
    const { checked, rejected } = this.#options.check.check(groups);
    this.#rejected += rejected;
    this.#groups = checked;
  }

  #throwIfNotStarted(name: string): void {
    const status = this.#statuses.get(name);
    if (this.#reason !== null || status === undefined || status.state === 'active') return;
    throw faultOf(status);
  }

  #report(name: string): SamplerReport {
    return reportOf(this.#statuses.get(name));
  }

  #processStatus(): ProcessStatus {
    return {
      pid: this.#process?.pid ?? null,
      restarts: this.#restarts,
      rss_bytes: this.#process?.rssBytes ?? 0,
      rejected: this.#rejected,
    };
  }
}

/** faultOf: what a sampler's factory or refresh threw in the process. */
function faultOf({ name, state, code, error }: SamplerStatus): RezolusError {
  const message = plain(error ?? `${name} is ${state}`);
  if (state === 'disabled') return new UnsupportedError(name, message, { code: codeOf(code) });
  return new RezolusError(code === undefined ? 'REZ_ERR_SAMPLER_START' : codeOf(code), message);
}

/** failureOf: an error as the reason why a plugin does not run. */
function failureOf(error: unknown): RezolusError {
  if (error instanceof RezolusError) return error;
  return new RezolusError('REZ_ERR_PLUGIN_LOAD', 'the process could not be started', { cause: error });
}

function bigCount(value: unknown): bigint {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? BigInt(value as number) : 0n;
}

function lied(message: string): RezolusError {
  return new RezolusError('REZ_ERR_PLUGIN_DATA', message);
}
