import type { Snapshot } from '@rezolus/core';
import type { ExportCounts, FamilyType, Format, OwnFamily } from '@rezolus/exposition';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DiskQueue } from './push/disk-queue.ts';
import type { Poll } from './source.ts';
import { version } from './version.ts';

/** OwnMetrics: what the exporter says of itself, in every answer, also while the agent is away. */
export class OwnMetrics {
  readonly #registry = new Registry();
  readonly #up: Gauge;
  readonly #polls: Counter<'result'>;
  readonly #skipped: Counter;
  readonly #pollSeconds: Histogram;
  readonly #scrapes: Counter<'format'>;
  readonly #series: Gauge;
  readonly #dropped: Gauge<'reason'>;
  readonly #timestamp: Gauge;
  readonly #pushed: Counter<'target'>;
  readonly #pushFailures: Counter<'target'>;
  readonly #pushDropped: Counter<'target'>;
  readonly #queueBytes: Gauge<'target'>;
  readonly #queueRequests: Gauge<'target'>;

  constructor() {
    const registers = [this.#registry];
    const gauge = <T extends string = string>(name: string, help: string, labelNames: T[] = []) =>
      new Gauge({ name: `rezolus_exporter_${name}`, help, labelNames, registers });
    const counter = <T extends string = string>(name: string, help: string, labelNames: T[] = []) =>
      new Counter({ name: `rezolus_exporter_${name}`, help, labelNames, registers });
    this.#up = gauge('agent_up', 'Whether the last poll of the agent was answered with a snapshot');
    // No age: several scrapers may get one answer at different times.
    this.#timestamp = gauge(
      'snapshot_timestamp_seconds',
      'When the values of this answer were read, in Unix time',
    );
    this.#polls = counter('polls_total', 'Polls of the agent by how they ended', ['result']);
    this.#skipped = counter('polls_skipped_total', 'Polls left out because the one before took too long');
    this.#pollSeconds = new Histogram({
      name: 'rezolus_exporter_poll_duration_seconds',
      help: 'How long polls of the agent took',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 10],
      registers,
    });
    this.#scrapes = counter('scrapes_total', 'Answered scrapes by format', ['format']);
    this.#series = gauge('series', 'Samples of the agent in this answer');
    this.#dropped = gauge('dropped_series', 'Samples of the agent left out of this answer by reason', [
      'reason',
    ]);
    this.#pushed = counter('push_samples_total', 'Samples that a server took', ['target']);
    this.#pushFailures = counter('push_failures_total', 'Requests that a server did not take', ['target']);
    this.#pushDropped = counter('push_dropped_samples_total', 'Samples given up before a server took them', [
      'target',
    ]);
    this.#queueBytes = gauge('push_queue_bytes', 'Bytes that wait on disk for a server', ['target']);
    this.#queueRequests = gauge('push_queue_requests', 'Requests that wait on disk for a server', ['target']);
    gauge('build_info', 'Always 1; the version is a label', ['version']).set({ version }, 1);
    gauge('start_time_seconds', 'When the exporter started, in Unix time').set(performance.timeOrigin / 1000);
    const memory = gauge('resident_memory_bytes', 'Memory of the exporter that is resident');
    const cpu = counter('cpu_seconds_total', 'CPU time of the exporter');
    this.#refresh = () => {
      memory.set(process.memoryUsage.rss());
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
    };
  }

  readonly #refresh: () => void;

  polled({ result, seconds, skipped }: Poll): void {
    this.#up.set(result === 'ok' ? 1 : 0);
    this.#polls.inc({ result });
    this.#skipped.inc(skipped);
    this.#pollSeconds.observe(seconds);
  }

  scraped(format: Format): void {
    this.#scrapes.inc({ format });
  }

  pushed(target: string, samples: number): void {
    this.#pushed.inc({ target }, samples);
  }

  pushFailed(target: string): void {
    this.#pushFailures.inc({ target });
  }

  queued(
    target: string,
    { length, bytes, droppedSamples }: Pick<DiskQueue, 'length' | 'bytes' | 'droppedSamples'>,
  ): void {
    this.#queueRequests.set({ target }, length);
    this.#queueBytes.set({ target }, bytes);
    this.#pushDropped.remove({ target });
    this.#pushDropped.inc({ target }, droppedSamples);
  }

  /** families: everything as of now; `counts` and `snapshot` are those of the answer, null while the agent is away. */
  async families(counts: ExportCounts | null, snapshot: Snapshot | null): Promise<OwnFamily[]> {
    this.#refresh();
    if (snapshot === null) this.#timestamp.remove();
    else this.#timestamp.set(Number(snapshot.systemTimeNs) / 1e9);
    this.#series.set(counts?.exported ?? 0);
    for (const reason of ['limit', 'duplicate', 'name'] as const) {
      this.#dropped.set({ reason }, counts?.dropped[reason] ?? 0);
    }
    const metrics = await this.#registry.getMetricsAsJSON();
    const families = metrics.map(({ name, help, type, values }) => ({
      name,
      help,
      type: String(type) as FamilyType,
      samples: (
        values as { metricName?: string; labels: Record<string, string | number>; value: number }[]
      ).map(({ metricName, labels, value }) => ({
        suffix: (metricName ?? name).slice(name.length),
        labels,
        value,
      })),
    }));
    return families.filter(({ samples }) => samples.length > 0);
  }
}
