import { existsSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { bucketCount, bucketIndex, defaultHistogram, type SeriesSchema, type Snapshot } from '@rezolus/core';
import { MemoryStore } from '@rezolus/query';
import { startViewer, type Viewer, type ViewerOptions, type ViewerSource } from '../src/index.ts';

/** startMs: time of the first snapshot of {@link memorySource}. */
export const startMs = 1_700_000_000_000;

const schema = {
  counters: [
    { name: '0', labels: { metric: 'ops', op: 'read', unit: 'operations' } },
    { name: '1', labels: { metric: 'ops', op: 'write', unit: 'operations' } },
    { name: '2x0', labels: { metric: 'cpu_usage', state: 'user', id: '0', unit: 'nanoseconds' } },
    { name: '2x1', labels: { metric: 'cpu_usage', state: 'user', id: '1', unit: 'nanoseconds' } },
  ],
  gauges: [
    { name: '3', labels: { metric: 'cpu_cores' } },
    { name: '4', labels: { metric: 'temperature', 'name"\n': '<b>"\\é' } as Record<string, string> },
  ],
  histograms: [
    {
      name: '5',
      labels: { metric: 'latency', unit: 'nanoseconds', grouping_power: '3', max_value_power: '64' },
    },
  ],
} satisfies Record<string, SeriesSchema[]>;

/**
 * testSnapshot: the snapshot number `i`, one per second: 10 reads and 20 writes per second, CPU 0 half busy, CPU 1
 * idle, two cores, 21 °C, and one observation of 1000 ns per second.
 */
export function testSnapshot(i: number, timeMs = startMs + i * 1000): Snapshot {
  const buckets = new BigUint64Array(bucketCount(defaultHistogram));
  buckets[bucketIndex(1000n, defaultHistogram)] = BigInt(i);
  return {
    systemTimeNs: BigInt(timeMs) * 1_000_000n,
    durationNs: 1_000_000n,
    metadata: { source: 'rezolus', version: '1.2.3' },
    groups: [
      {
        name: 'test/main',
        schema,
        schemaHash: null,
        window: null,
        counters: BigUint64Array.of(BigInt(i) * 10n, BigInt(i) * 20n, BigInt(i) * 500_000_000n, 0n),
        countersPresent: null,
        gauges: BigInt64Array.of(2n, 21n),
        gaugesPresent: null,
        histograms: [{ config: defaultHistogram, buckets }],
      },
    ],
  };
}

/** memorySource: a source of `count` test snapshots. */
export function memorySource(count = 61): ViewerSource {
  const descriptions = new Map([['ops', 'Operations done']]);
  const source = new MemoryStore({ intervalMs: 1000, descriptions });
  for (let i = 0; i < count; i++) source.append(testSnapshot(i));
  return {
    kind: 'file',
    name: 'test.parquet',
    source,
    metadata: { source: 'rezolus', descriptions: '{}' },
    systeminfo: { cpus: 2 },
    async close() {},
  };
}

/** Answer: an HTTP answer, whole. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any shape is what tests look into.
  readonly json: any;
}

/** TestViewer: a viewer on a free port of the loopback, closed at the end of the scope. */
export interface TestViewer extends AsyncDisposable {
  readonly viewer: Viewer;
  /** call: a request to `path`, which is sent as it stands; a `form` makes it a POST. */
  call(path: string, options?: CallOptions): Promise<Answer>;
}

/** CallOptions: how a request departs from a plain GET. */
export interface CallOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly form?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** startTest: starts a viewer of one or several sources for a test. */
export async function startTest(
  source: ViewerSource | readonly ViewerSource[] = memorySource(),
  options: Partial<ViewerOptions> = {},
): Promise<TestViewer> {
  const sources = [source].flat().map((one) => ({ source: one }));
  const viewer = await startViewer({ sources, listen: { host: '127.0.0.1', port: 0 }, ...options });
  const { hostname, port } = new URL(viewer.address);
  return {
    viewer,
    call: (path, options = {}) => send(hostname, Number(port), path, options),
    [Symbol.asyncDispose]: () => viewer.close(),
  };
}

function send(host: string, port: number, path: string, options: CallOptions): Promise<Answer> {
  const { form, body = form && new URLSearchParams(form).toString() } = options;
  const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  return new Promise((resolve, reject) => {
    const headers = { ...type, ...options.headers };
    const outgoing = request({ host, port, path, method, headers, agent: false }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const whole = Buffer.concat(chunks);
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: whole,
        text: whole.toString(),
        get json() {
          return JSON.parse(whole.toString());
        },
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** recordingPath: the path of a shared recording, or null where the shared folder is not there. */
export function recordingPath(name: string): string | null {
  const path = fileURLToPath(new URL(`../../../../shared/recordings/${name}`, import.meta.url));
  return existsSync(path) ? path : null;
}
