import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { snapshotOf } from '../../exposition/test/prometheus/snapshots.ts';
import { exporterOf, metricsOf, until } from './exporters.ts';
import { FakeAgent } from './fake-agent.ts';

it('posts OTLP with a token that may change', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-otlp-'));
  const seen: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    seen.push({ headers: request.headers, body });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const token = join(folder, 'token');
  writeFileSync(token, 'first\n');
  const { port } = server.address() as AddressInfo;
  await using agent = await FakeAgent.start(
    snapshotOf({ counters: [{ labels: { metric: 'events', id: '1' }, value: 5n }] }),
  );
  {
    await using exporter = await exporterOf(
      agent.url,
      `[otlp]\nurl = "http://127.0.0.1:${port}/v1/metrics"\ninterval = "50ms"\nqueue_directory = "${folder}/queue"\nbearer_token_file = "${token}"`,
    );
    await until(() => seen.some(({ body }) => gunzipSync(body).includes('events')));
    expect(seen[0]!.headers).toMatchObject({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      authorization: 'Bearer first',
    });
    writeFileSync(token, 'second\n');
    await until(() => seen.at(-1)!.headers.authorization === 'Bearer second');
    expect(await metricsOf(exporter)).toMatch(/push_samples_total\{target="otlp"\} [1-9]/);
  }
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
