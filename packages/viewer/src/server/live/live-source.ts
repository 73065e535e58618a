import {
  alignedTicks,
  type Logger,
  RezolusError,
  type Snapshot,
  sentence,
  silentLogger,
} from '@rezolus/core';
import { endpointText, parseEndpoint } from '@rezolus/core/http';
import { MemoryStore } from '@rezolus/query';
import { type Endpoint, openAgent } from '@rezolus/recording';
import { parseJson } from '../json.ts';
import type { LiveFeed, ViewerSource } from '../source.ts';

/** LiveOptions: how a live agent is watched. */
export interface LiveOptions {
  /** Distance of two snapshots, ms, aligned to the wall clock. Default 1 s. */
  readonly intervalMs?: number;
  /** How long samples are kept, ms. Default 30 min. */
  readonly retentionMs?: number;
  /** Credentials for the agent, see `HttpClient`. */
  readonly httpConfigFile?: string;
  readonly log?: Logger;
}

const scrapeTimeoutMs = 10_000;
/** The longest wait between two attempts to reach an agent that is away, in intervals. */
const longestBackOff = 5;
/** A clock that goes back by more than this was set: what was kept is of another time. */
const clockStepMs = 10_000;

/**
 * liveSource: watches the agent at `url`: its snapshots of the last while, kept in memory. An agent that does not answer
 * is tried again, less and less often, at least every five intervals; meanwhile `live.connected` is false and what was
 * kept stays. Throws RezolusError REZ_ERR_CONFIG_INVALID where `url` is not what `parseEndpoint` takes.
 */
export function liveSource(url: string, options: LiveOptions = {}): ViewerSource {
  const parsed = parseEndpoint(url);
  if (parsed === null) {
    const shown = url.replace(/\/\/.*@/, '//…@');
    throw new RezolusError(
      'REZ_ERR_CONFIG_INVALID',
      `${shown} is not an http or https URL without credentials`,
    );
  }
  return new LiveSource(parsed, options);
}

class LiveSource implements ViewerSource, LiveFeed {
  readonly kind = 'live';
  readonly name: string;
  readonly source: MemoryStore;
  readonly live: LiveFeed = this;
  metadata: Readonly<Record<string, string>> = {};
  systeminfo: unknown = null;
  connected = false;

  readonly #url: string;
  readonly #httpConfigFile: string;
  readonly #log: Logger;
  readonly #listeners = new Set<() => void>();
  /** Filled in from each agent that answers; the store looks descriptions up in it. */
  readonly #descriptions = new Map<string, string>();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(url: URL, options: LiveOptions) {
    const { intervalMs = 1000, retentionMs = 30 * 60_000, log = silentLogger } = options;
    this.name = url.origin === 'null' ? endpointText(url) : url.origin;
    this.#httpConfigFile = options.httpConfigFile ?? '';
    this.#url = url.href;
    this.#log = log;
    this.source = new MemoryStore({ intervalMs, retentionMs, descriptions: this.#descriptions });
    this.#running = this.#run(intervalMs);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(intervalMs: number): Promise<void> {
    const { signal } = this.#stop;
    let endpoint: Endpoint | null = null;
    let failures = 0;
    let pause = 0;
    for await (const _tick of alignedTicks(intervalMs, signal)) {
      if (pause-- > 0) continue;
      try {
        endpoint ??= await this.#open(signal);
        this.#append(await endpoint.scrape(scrapeTimeoutMs, signal));
        this.#setConnected(true);
        failures = 0;
        pause = 0;
      } catch (error) {
        if (signal.aborted) break;
        // An agent that comes back may be another one: what it says of itself is asked again.
        endpoint?.[Symbol.dispose]();
        endpoint = null;
        pause = Math.min(failures++, longestBackOff - 1);
        this.#log.debug({ url: this.name, error: sentence(error) }, 'no snapshot');
        this.#setConnected(false);
      }
    }
    endpoint?.[Symbol.dispose]();
  }

  async #open(signal: AbortSignal): Promise<Endpoint> {
    const endpoint = await openAgent(this.#url, {
      httpConfigFile: this.#httpConfigFile,
      timeoutMs: scrapeTimeoutMs,
      signal,
    });
    this.systeminfo = parseJson(endpoint.facts.systeminfo);
    const descriptions = parseJson(endpoint.facts.descriptions);
    if (typeof descriptions === 'object' && descriptions !== null) {
      for (const [metric, text] of Object.entries(descriptions)) {
        if (typeof text === 'string') this.#descriptions.set(metric, text);
      }
    }
    return endpoint;
  }

  #append(snapshot: Snapshot): void {
    const timeMs = Number(snapshot.systemTimeNs / 1_000_000n);
    if (timeMs < this.source.endMs - clockStepMs) this.source.clear();
    this.source.append(snapshot);
    this.metadata = snapshot.metadata;
    if (this.connected) this.#notify();
  }

  #setConnected(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    this.#log.info({ url: this.name }, connected ? 'agent answers' : 'agent does not answer');
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
