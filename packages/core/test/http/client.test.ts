import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { HttpClient } from '../../src/http/index.ts';

/** An agent that answers as `answer` does. */
async function serve(answer: (response: ServerResponse) => void) {
  const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  return {
    url,
    client: new HttpClient(url),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

it('ends an answer that has no end, at 64 MB', async () => {
  await using agent = await serve((response) => {
    const send = () => {
      if (!response.destroyed) response.write(Buffer.alloc(2 ** 20), () => setImmediate(send));
    };
    send();
  });
  using client = agent.client;
  await expect(client.get(agent.url, 60_000)).rejects.toMatchObject({
    code: 'REZ_ERR_ENDPOINT_UNREACHABLE',
    cause: { message: 'answer of more than 67108864 bytes' },
  });
});

it('ends an answer that comes a byte at a time', async () => {
  await using agent = await serve((response) => {
    const drip = setInterval(() => response.write('x'), 5);
    response.on('close', () => clearInterval(drip));
  });
  using client = agent.client;
  await expect(client.get(agent.url, 100)).rejects.toThrow('did not answer within 100 ms');
});

it('does not take a part for the whole', async () => {
  await using agent = await serve((response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy());
  });
  using client = agent.client;
  await expect(client.get(agent.url, 5000)).rejects.toMatchObject({ code: 'REZ_ERR_ENDPOINT_UNREACHABLE' });
});
