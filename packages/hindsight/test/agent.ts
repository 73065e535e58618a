import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bucketCount, defaultHistogram, type Labels, type Snapshot } from '@rezolus/core';
import { encodeV3 } from '@rezolus/exposition';

/** snapshotOf: one counter per entry (labels besides `metric`, value), and one histogram. */
export function snapshotOf(
  systemTimeNs: bigint,
  counters: readonly (readonly [metric: string, labels: Labels, value: bigint])[],
): Snapshot {
  const buckets = new BigUint64Array(bucketCount(defaultHistogram));
  buckets[3] = counters[0]?.[2] ?? 0n;
  return {
    systemTimeNs,
    durationNs: 700_000n,
    metadata: { source: 'rezolus', version: '9.9.9' },
    groups: [
      {
        name: 'test/all',
        schema: {
          counters: counters.map(([metric, labels], i) => ({
            name: String(i),
            labels: { metric, ...labels },
          })),
          gauges: [],
          histograms: [
            { name: 'h', labels: { metric: 'latency', grouping_power: '3', max_value_power: '64' } },
          ],
        },
        schemaHash: null,
        window: null,
        counters: BigUint64Array.from(counters, ([, , value]) => value),
        countersPresent: null,
        gauges: new BigInt64Array(0),
        gaugesPresent: new Uint8Array(0),
        histograms: [{ config: defaultHistogram, buckets }],
      },
    ],
  };
}

/** TestAgent: an agent that counts its scrapes: counter `ticks` is their number, so that rows without gaps count up. */
export class TestAgent implements AsyncDisposable {
  readonly #server: Server;
  /** Values of `ticks` that were sent. */
  scrapes = 0n;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** start: on a port, or a free one; `series` further counters, and what it says of its uptime. */
  static async start({ port = 0, series = 5, uptimeSeconds = 1000 } = {}): Promise<TestAgent> {
    const facts: Record<string, string> = {
      '/systeminfo': '{"hostname":"test"}',
      '/metrics/descriptions': '{"ticks":"scrapes"}',
      '/samplers': '[{"name":"test","state":"active"}]',
      '/status': JSON.stringify({ uptime_seconds: uptimeSeconds }),
    };
    const server = createServer(({ url = '' }, response) => {
      if (url in facts) return void response.end(facts[url]);
      if (url !== '/metrics/binary') return void response.writeHead(404).end();
      agent.scrapes++;
      const others = Array.from(
        { length: series },
        (_, i) => ['others', { id: String(i) }, agent.scrapes] as const,
      );
      const now = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
      response.end(encodeV3(snapshotOf(now, [['ticks', {}, agent.scrapes], ...others])));
    });
    const agent = new TestAgent(server);
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(port, '127.0.0.1', resolve),
    );
    return agent;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
