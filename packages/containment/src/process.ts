import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, errorCatalogue, type Logger, type PluginEntry, RezolusError } from '@rezolus/core';
import { powersOf, raiseCapabilities, startConfined } from '@rezolus/libbpf';
import { encodeFrame, type Frame, FrameReader } from './frames.ts';
import { fixedLimits, type PluginLimits } from './limits.ts';
import type { Assignment, ChildMessage, Request } from './messages.ts';
import { LogGate, plain } from './text.ts';
import { endUser, freeUser } from './user.ts';

/** Answer: a message of the child that was asked for, and the bytes beside it. */
export interface Answer {
  readonly message: Exclude<ChildMessage, { kind: 'log' | 'failed' }>;
  readonly body: Uint8Array;
}

/** ProcessOptions: whose process it is, and what it may take. */
export interface ProcessOptions {
  readonly plugin: PluginEntry;
  readonly limits: PluginLimits;
  readonly log: Logger;
  /** Whether its samplers are to be started, which takes capabilities for a moment. */
  readonly mayAttach: boolean;
}

/**
 * PluginProcess: one life of a plugin's child process. It is asked and answers; whatever else it does ends it, with a
 * reason. Nothing that it sends, logs or takes grows without a limit.
 */
export class PluginProcess {
  /** ended: resolves with the reason when the process and all that it left behind are gone. */
  readonly ended: Promise<RezolusError>;
  /** Resident memory when it was last looked at, bytes. */
  rssBytes = 0;
  readonly #options: ProcessOptions;
  readonly #uid = freeUser();
  readonly #child: ChildProcess;
  readonly #socket: Duplex;
  readonly #log: LogGate;
  readonly #watch: NodeJS.Timeout;
  #reason: RezolusError | null = null;
  /** It closed the socket, which it also does by ending, and was ended for that. */
  #closed = false;
  #asked: PromiseWithResolvers<Answer> | null = null;
  /** Settles when the last question is answered. */
  #turn: Promise<void> = Promise.resolve();
  #lastLine = '';

  constructor(options: ProcessOptions) {
    this.#options = options;
    const { name } = options.plugin.manifest;
    this.#log = new LogGate(options.log, name);
    const heapMb = Math.max(32, Math.floor(options.limits.memory_limit / 2 ** 20));
    const args = [
      `--max-old-space-size=${heapMb}`,
      '--max-semi-space-size=1',
      '--v8-pool-size=0',
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(import.meta.resolve('@rezolus/containment/child')),
      // For people who look at a list of processes.
      name,
    ];
    this.#child = startConfined(options.mayAttach, () =>
      spawn(process.execPath, args, {
        detached: true,
        cwd: '/',
        env: environment(),
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      }),
    );
    this.#socket = this.#child.stdio[3] as Duplex;
    // Writing to a process that has gone is seen by its exit.
    this.#socket.on('error', () => {});
    const frames = new FrameReader(fixedLimits.frameBytes);
    this.#socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of frames.push(chunk)) this.#take(frame);
      } catch (error) {
        if (!(error instanceof RezolusError)) throw error;
        this.kill(new RezolusError(error.code, `${name} ${error.message}`));
      }
    });
    this.#socket.on('end', () => {
      const lingering = setTimeout(() => {
        this.#closed = true;
        this.#killGroup();
      }, lastWordsMs);
      this.#child.once('exit', () => clearTimeout(lingering));
    });
    for (const output of [this.#child.stdout!, this.#child.stderr!]) this.#drain(output);
    this.#watch = setInterval(() => this.look(), fixedLimits.watchMs);
    this.#watch.unref();
    this.ended = this.#end();
  }

  get pid(): number | null {
    return this.#child.exitCode === null && this.#child.signalCode === null
      ? (this.#child.pid ?? null)
      : null;
  }

  /** begin: gives the process its task; resolves with its answer, which the caller may wait for as long as it likes. */
  begin(task: Omit<Assignment, 'plugin' | 'uid' | 'maxSeries'>): Promise<Answer> {
    const { plugin, limits } = this.#options;
    return this.ask({ ...task, plugin, uid: this.#uid, maxSeries: limits.series_limit });
  }

  /**
   * ask: sends a message, once those before it are answered, and resolves with its answer. Rejects with the reason where
   * the process ends instead.
   */
  ask(message: Assignment | Request): Promise<Answer> {
    const answer = this.#turn.then(() => this.#send(message));
    this.#turn = answer.then(
      () => {},
      () => {},
    );
    return answer;
  }

  #send(message: Assignment | Request): Promise<Answer> {
    if (this.#reason !== null) return Promise.reject(this.#reason);
    this.#asked = Promise.withResolvers<Answer>();
    this.#socket.write(encodeFrame(message));
    return this.#asked.promise;
  }

  /** checkPowerless: throws REZ_ERR_PLUGIN_LIMIT where a thread of it could still do what it may not. */
  checkPowerless(): void {
    const { pid } = this;
    const powers = pid === null ? null : powersOf(pid, this.#uid !== null);
    if (powers === null) return;
    throw new RezolusError('REZ_ERR_PLUGIN_LIMIT', `${this.#options.plugin.manifest.name} ${powers}`);
  }

  /** kill: ends the process and all that it started, for this reason. */
  kill(reason: RezolusError): void {
    this.#reason ??= reason;
    this.#killGroup();
  }

  /** stop: lets the process end by itself, and ends it where it does not. */
  async stop(): Promise<void> {
    const { name } = this.#options.plugin.manifest;
    this.#reason ??= crashed(`${name} was stopped`);
    this.#socket.end();
    const timer = setTimeout(() => this.kill(this.#reason!), fixedLimits.stopMs);
    await this.ended;
    clearTimeout(timer);
  }

  #killGroup(): void {
    using _raised = raiseCapabilities();
    try {
      if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }

  async #end(): Promise<RezolusError> {
    const exited = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    this.#child.once('exit', () => exited.resolve());
    this.#child.once('close', () => closed.resolve());
    this.#child.once('error', () => exited.resolve());
    await exited.promise;
    clearInterval(this.#watch);
    this.#killGroup();
    if (this.#uid !== null) await endUser(this.#uid).catch(() => {});
    // The last words of the process; somebody may still hold its output open.
    await Promise.race([closed.promise, delay(lastWordsMs, null, { ref: false })]);
    this.#reason ??= crashed(`${this.#options.plugin.manifest.name} ${this.#howItEnded()}`);
    for (const stream of this.#child.stdio) stream?.destroy();
    this.#asked?.reject(this.#reason);
    this.#asked = null;
    return this.#reason;
  }

  #howItEnded(): string {
    const { exitCode, signalCode } = this.#child;
    if (signalCode === 'SIGKILL' && this.#closed) return 'closed its connection';
    if (signalCode === null && exitCode === null) return 'could not be started';
    const how =
      signalCode === null ? `ended by itself with status ${exitCode}` : `was ended by ${signalCode}`;
    return this.#lastLine === '' ? how : `${how}: ${this.#lastLine}`;
  }

  #take({ head, body }: Frame): void {
    const message = head as ChildMessage | null;
    const { name } = this.#options.plugin.manifest;
    switch (message?.kind) {
      case 'log':
        this.#log.write(message.level, message.sampler, message.message);
        return;
      case 'failed':
        this.kill(new RezolusError(codeOf(message.code), `${name} ${plain(message.message)}`));
        return;
      case 'described':
      case 'started':
      case 'costs':
      case 'refreshed': {
        const asked = this.#asked;
        this.#asked = null;
        if (asked === null) throw new RezolusError('REZ_ERR_PLUGIN_DATA', 'sent what nobody had asked for');
        asked.resolve({ message, body });
        return;
      }
      default:
        throw new RezolusError('REZ_ERR_PLUGIN_DATA', 'sent a message of no known kind');
    }
  }

  /** Reads what the process prints, so that it cannot block on it, and keeps the last line that looks like an error. */
  #drain(output: Readable): void {
    output.setEncoding('utf8').on('data', (text: string) => {
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      for (const line of lines) if (/^(\w*Error\b|FATAL ERROR)/.test(line)) this.#lastLine = plain(line);
      for (const line of lines) this.#log.write('info', 'output', line);
    });
  }

  /** look: looks at what the process takes, and ends it where that is too much. Returns its resident memory, bytes. */
  look(): number {
    const { pid } = this;
    if (pid === null) return this.rssBytes;
    const { plugin, limits } = this.#options;
    const { name } = plugin.manifest;
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      this.rssBytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
      if (this.rssBytes > limits.memory_limit) {
        const [has, may] = [this.rssBytes, limits.memory_limit].map((bytes) => Math.round(bytes / 2 ** 20));
        const text = `${name} took ${has} MiB of memory; allowed are ${may} MiB`;
        this.kill(new RezolusError('REZ_ERR_PLUGIN_LIMIT', text));
      }
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      if (children !== '') {
        const text = `${name} started ${children.split(' ').length} processes, which a plugin may not`;
        this.kill(new RezolusError('REZ_ERR_PLUGIN_LIMIT', text));
      }
    } catch {
      // It has ended meanwhile.
    }
    return this.rssBytes;
  }
}

/** How long a process that has closed its socket may take to end, and its output to arrive, ms. */
const lastWordsMs = 200;

function crashed(message: string): RezolusError {
  return new RezolusError('REZ_ERR_PLUGIN_CRASHED', message);
}

/** codeOf: a code of the catalogue; what is none came from somebody who made it up. */
export function codeOf(code: unknown): ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code)
    ? (code as ErrorCode)
    : 'REZ_ERR_PLUGIN_DATA';
}

function environment(): NodeJS.ProcessEnv {
  const { PATH = '/usr/bin:/bin', REZOLUS_LIBBPF } = process.env;
  return { PATH, ...(REZOLUS_LIBBPF !== undefined && { REZOLUS_LIBBPF }) };
}
