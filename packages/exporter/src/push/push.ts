import { readFileSync } from 'node:fs';
import { alignedTicks, type Logger, RezolusError, sentence } from '@rezolus/core';
import type { PushSection } from '../config.ts';
import type { OwnMetrics } from '../own-metrics.ts';
import type { Reading, SnapshotSource } from '../source.ts';
import { version } from '../version.ts';
import { DiskQueue, type Entry } from './disk-queue.ts';
import { Sender } from './sender.ts';

/** PushFormat: how snapshots become requests of one protocol. */
export interface PushFormat {
  /** Name in log and metrics. */
  readonly name: 'remote_write' | 'otlp';
  readonly headers: Readonly<Record<string, string>>;
  encode(reading: Reading, own: OwnMetrics): Promise<Entry[]>;
}

/** Push: sends what the source has, every interval, until the signal aborts. */
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

  async run(source: SnapshotSource, signal: AbortSignal): Promise<void> {
    const sending = this.#sender.run(signal);
    let lastNs = 0n;
    for await (const _ of alignedTicks(this.#section.interval, signal)) {
      const reading = await source.read();
      const { snapshot } = reading;
      // Two samples of one series must not have the same time.
      if (snapshot?.systemTimeNs === lastNs) continue;
      lastNs = snapshot?.systemTimeNs ?? 0n;
      this.#own.queued(this.#format.name, this.#queue);
      for (const entry of await this.#format.encode(reading, this.#own)) this.#enqueue(entry);
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
