import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type SeriesSchema, silentLogger } from '@rezolus/core';
import { PushServer } from '../src/external/server.ts';
import { MetricStore } from '../src/external/store.ts';

/** text8: a text after its length in one byte. */
export function text8(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** text16: a text after its length in two bytes. */
export function text16(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([u16(bytes.length), bytes]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

type Labels = Readonly<Record<string, string>>;

function labels(values: Labels): Buffer {
  const pairs = Object.entries(values);
  return Buffer.concat([u16(pairs.length), ...pairs.flat().map(text8)]);
}

/** message: the messages of the binary protocol, written down from its description. */
export const message = {
  session: (values: Labels) => Buffer.concat([Buffer.from([0]), labels(values)]),
  counter: (name: string, value: bigint, values: Labels = {}) =>
    Buffer.concat([Buffer.from([1]), u64(value), text16(name), labels(values)]),
  gauge: (name: string, value: bigint, values: Labels = {}) =>
    Buffer.concat([Buffer.from([2]), u64(value), text16(name), labels(values)]),
  histogram: (name: string, g: number, m: number, buckets: readonly bigint[], values: Labels = {}) =>
    Buffer.concat([
      Buffer.from([3, g, m]),
      u16(buckets.length),
      ...buckets.map(u64),
      text16(name),
      labels(values),
    ]),
};

/** binaryFrame: a frame of the binary protocol. */
export function binaryFrame(messages: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(messages);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(payload.length);
  return Buffer.concat([Buffer.from('REZL\x01\0'), u16(messages.length), size, payload]);
}

/** openClient: a connected client whose errors are of no interest. */
export async function openClient(path: string): Promise<Socket> {
  const socket = connect(path).on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** push: connects, sends all and ends; resolves when the server has taken it. */
export async function push(path: string, bytes: Buffer | string): Promise<void> {
  const socket = await openClient(path);
  socket.end(bytes);
  await closed(socket);
}

/** closed: resolves when a client's connection is closed, whoever did it. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.resume().once('close', () => resolve()));
}

/** listenForPushes: a server of its own, and as texts the series that were pushed to it, counters before gauges. */
export async function listenForPushes(path: string) {
  const limits = { ttlMs: 60_000, maxMetrics: 100, maxMetricsPerConnection: 100, maxBytes: 100_000 };
  const store = new MetricStore(
    limits,
    () => false,
    () => 0,
  );
  const server = await PushServer.listen({
    ...{ path, mode: 0o600, group: '', protocol: 'auto', maxConnections: 10, idleMs: 60_000 },
    store,
    log: silentLogger,
  });
  const series = async () => {
    // Connections are taken in the order in which they come: where this one is, those before are.
    await push(path, '');
    const { schema, counters, gauges, histograms } = store.group();
    const texts = (kind: readonly SeriesSchema[], values: readonly unknown[]) =>
      kind.map(
        ({ labels: { metric, source, ...rest } }, i) => `${metric} ${JSON.stringify(rest)} ${values[i]}`,
      );
    return [
      ...texts(schema.counters, [...counters]),
      ...texts(schema.gauges, [...gauges]),
      ...texts(
        schema.histograms,
        histograms.map((histogram) => histogram!.buckets),
      ),
    ];
  };
  return { series, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
