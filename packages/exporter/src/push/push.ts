import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { alignedTicks, type Logger, RezolusError, type Snapshot, sentence } from '@rezolus/core';
import {
  type ExportCounts,
  type PrometheusOptions,
  RemoteWriteEncoder,
  snappyCompress,
} from '@rezolus/exposition';
import type { ExporterConfig, PushSection } from '../config.ts';
import type { OwnMetrics } from '../own-metrics.ts';
import type { AgentPoller } from '../poller.ts';
import { version } from '../version.ts';
import { DiskQueue, type Entry } from './disk-queue.ts';
import { Sender } from './sender.ts';

/** PushFormat: how snapshots become requests of one protocol. */
export interface PushFormat {
  /** Name in log and metrics. */
  readonly name: 'remote_write' | 'otlp';
  readonly headers: Readonly<Record<string, string>>;
  encode(source: PushSource, own: OwnMetrics): Promise<Entry[]>;
}

/** PushSource: what the poller knows. */
export type PushSource = Pick<AgentPoller, 'snapshot' | 'descriptions'>;

/** Push: sends what the poller has, every interval, until the signal aborts. */
export class Push {
  readonly #section: PushSection;
  readonly #format: PushFormat;
  readonly #queue: DiskQueue;
  readonly #sender: Sender;
  readonly #own: OwnMetrics;
  readonly #log: Logger;
  #complained = false;

  /** Throws REZ_ERR_PUSH_QUEUE where the folder of the queue cannot be used, REZ_ERR_CONFIG_READ where a secret cannot. */
  constructor(section: PushSection, format: PushFormat, own: OwnMetrics, log: Logger) {
    this.#section = section;
    this.#format = format;
    this.#own = own;
    this.#log = log;
    authorization(section);
    this.#queue = new DiskQueue(section.queue_directory, section.queue_limit);
    this.#sender = new Sender(this.#queue, {
      url: new URL(section.url),
      timeoutMs: section.timeout,
      log,
      headers: () => ({
        ...format.headers,
        'user-agent': `rezolus-exporter/${version}`,
        ...authorization(section),
      }),
      sent: (samples) => own.pushed(format.name, samples),
      failed: () => own.pushFailed(format.name),
    });
  }

  async run(source: PushSource, signal: AbortSignal): Promise<void> {
    const sending = this.#sender.run(signal);
    let lastNs = 0n;
    for await (const _ of alignedTicks(this.#section.interval, signal)) {
      const { snapshot } = source;
      // Two samples of one series must not have the same time.
      if (snapshot?.systemTimeNs === lastNs) continue;
      lastNs = snapshot?.systemTimeNs ?? 0n;
      this.#own.queued(this.#format.name, this.#queue);
      for (const entry of await this.#format.encode(source, this.#own)) this.#enqueue(entry);
      this.#sender.wake();
    }
    await sending;
  }

  #enqueue(entry: Entry): void {
    try {
      this.#queue.push(entry);
      this.#complained = false;
    } catch (error) {
      this.#queue.droppedSamples += entry.samples;
      if (!this.#complained) this.#log.error({}, `samples are lost: ${sentence(error)}`);
      this.#complained = true;
    }
  }
}

/** authorization: the header of the section's credentials, read anew so that files may be replaced. */
function authorization({ username, password_file, bearer_token_file }: PushSection): Record<string, string> {
  const secret = (path: string) => {
    try {
      return readFileSync(path, 'utf8').trim();
    } catch (cause) {
      throw new RezolusError('REZ_ERR_CONFIG_READ', `cannot read ${path}`, { cause });
    }
  };
  if (bearer_token_file !== '') return { authorization: `Bearer ${secret(bearer_token_file)}` };
  if (username === '') return {};
  const password = password_file === '' ? '' : secret(password_file);
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/** pushLabels: the labels of the section; `instance` is the hostname where they do not say. */
export function pushLabels({ labels }: Pick<PushSection, 'labels'>): Record<string, string> {
  return { instance: hostname(), ...labels };
}

/** remoteWrite: the format of `[remote_write]`. */
export function remoteWrite(
  section: ExporterConfig['remote_write'],
  options: Omit<PrometheusOptions, 'descriptions'>,
): PushFormat {
  const isSecond = section.version === '2.0';
  let encoder: RemoteWriteEncoder | null = null;
  let known: PushSource['descriptions'] | null = null;
  return {
    name: 'remote_write',
    headers: {
      'content-encoding': 'snappy',
      'content-type': isSecond
        ? 'application/x-protobuf;proto=io.prometheus.write.v2.Request'
        : 'application/x-protobuf',
      'x-prometheus-remote-write-version': isSecond ? '2.0.0' : '0.1.0',
    },
    async encode({ snapshot, descriptions }, own) {
      // Help texts travel with version 2.0 only; the stale markers of the encoder outweigh new ones.
      if (encoder === null || (isSecond && snapshot !== null && known !== descriptions)) {
        known = descriptions;
        encoder = new RemoteWriteEncoder(
          section.version,
          { ...options, nativeHistograms: section.native_histograms, compatibility: false, descriptions },
          pushLabels(section),
        );
      }
      const families = await own.families(countsOf(encoder, snapshot), snapshot);
      const requests = encoder.encode(snapshot, families, Date.now());
      return requests.map(({ samples, body }) => ({ samples, body: snappyCompress(body) }));
    },
  };
}

function countsOf(encoder: { prepare(snapshot: Snapshot): ExportCounts }, snapshot: Snapshot | null) {
  return snapshot === null ? null : encoder.prepare(snapshot);
}
