import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bucketCount, defaultHistogram, type Labels, type Snapshot } from '@rezolus/core';
import { encodeV3 } from '@rezolus/exposition';

/** Reading: one series of a test snapshot: wire name, labels and a value; an array of bigints = histogram. */
export interface Reading {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: Labels;
  /** Null = registered, but no value. Of a histogram: counts of the first buckets. */
  readonly value: bigint | readonly bigint[] | null;
}

/** snapshotOf: a snapshot with one group per kind. */
export function snapshotOf(systemTimeNs: bigint, readings: readonly Reading[]): Snapshot {
  const of = (kind: Reading['kind']) => readings.filter((reading) => reading.kind === kind);
  const [counters, gauges, histograms] = [of('counter'), of('gauge'), of('histogram')];
  const scalar = ({ value }: Reading) => (typeof value === 'bigint' ? value : 0n);
  const present = (list: Reading[]) => Uint8Array.from(list, ({ value }) => (value === null ? 0 : 1));
  const powers = { grouping_power: '3', max_value_power: '64' };
  return {
    systemTimeNs,
    durationNs: 700_000n,
    metadata: { source: 'rezolus', version: '9.9.9' },
    groups: [
      {
        name: 'test/all',
        schema: {
          counters: counters.map(({ name, labels }) => ({ name, labels })),
          gauges: gauges.map(({ name, labels }) => ({ name, labels })),
          histograms: histograms.map(({ name, labels }) => ({ name, labels: { ...labels, ...powers } })),
        },
        schemaHash: null,
        window: null,
        counters: BigUint64Array.from(counters, scalar),
        countersPresent: present(counters),
        gauges: BigInt64Array.from(gauges, scalar),
        gaugesPresent: present(gauges),
        histograms: histograms.map(({ value }) => {
          if (!Array.isArray(value)) return null;
          const buckets = new BigUint64Array(bucketCount(defaultHistogram));
          buckets.set(value);
          return { config: defaultHistogram, buckets };
        }),
      },
    ],
  };
}

/** TestAgent: an HTTP agent whose snapshots come from `answer`, called with the number of the scrape, from 0. */
export interface TestAgent extends AsyncDisposable {
  readonly url: string;
  readonly requests: string[];
}

export async function startAgent(
  answer: (scrape: number, response: ServerResponse) => Snapshot | Uint8Array | null,
): Promise<TestAgent> {
  let scrapes = 0;
  const requests: string[] = [];
  const facts: Record<string, string> = {
    '/systeminfo': '{"hostname":"test"}',
    '/metrics/descriptions': '{"ops":"operations"}',
    '/samplers': '[{"name":"test","state":"active"}]',
  };
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push(path);
    if (path in facts) return void response.end(facts[path]);
    if (path !== '/metrics/binary') return void response.writeHead(404).end();
    const body = answer(scrapes++, response);
    if (body !== null) response.end(body instanceof Uint8Array ? body : encodeV3(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
