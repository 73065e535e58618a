import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeV3 } from '@rezolus/exposition';
import { type Reading, snapshotOf } from '../agent.ts';

/** FaultAgent: an agent with a count per path: the counter `n` of a snapshot is the number of the request, from 0. */
export interface FaultAgent extends AsyncDisposable {
  /** url: the address of path `name`. */
  url(name: string): string;
  /** answered: number of the last snapshot that was sent for `name`. */
  answered(name: string): number;
}

/** startFaultAgent: `wide` series besides the counter jump about, so that they do not compress. */
export async function startFaultAgent(wide: number): Promise<FaultAgent> {
  const counts = new Map<string, number>();
  const sent = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (!path.startsWith('/r')) return void response.writeHead(404).end();
    const n = counts.get(path) ?? 0;
    counts.set(path, n + 1);
    response.end(encodeV3(snapshotOf(BigInt(Date.now()) * 1_000_000n, readings(n, wide))), () => {
      sent.set(path, n);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    answered: (name) => sent.get(`/${name}`) ?? -1,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function readings(n: number, wide: number): Reading[] {
  const series = Array.from({ length: wide }, (_, i): Reading => {
    const value = BigInt.asUintN(62, BigInt(n * wide + i + 1) * 0x9e37_79b9_7f4a_7c15n);
    return { name: `1x${i}`, kind: 'gauge', labels: { metric: 'jump', id: String(i) }, value };
  });
  const buckets = Array.from({ length: 40 }, (_, b) => BigInt(b < n % 40 ? n : 0));
  return [
    { name: '0', kind: 'counter', labels: { metric: 'n' }, value: BigInt(n) },
    ...series,
    { name: '2', kind: 'histogram', labels: { metric: 'latency' }, value: buckets },
  ];
}
