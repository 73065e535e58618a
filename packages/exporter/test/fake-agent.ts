import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Snapshot } from '@rezolus/core';
import { encodeV3 } from '@rezolus/exposition';

/** FakeAgent: answers as an agent does with whatever snapshot it is given; null is an agent that is broken. */
export class FakeAgent implements AsyncDisposable {
  readonly #server: Server;
  snapshot: Snapshot | null;
  polls = 0;

  private constructor(server: Server, snapshot: Snapshot | null) {
    this.#server = server;
    this.snapshot = snapshot;
  }

  static async start(
    snapshot: Snapshot | null,
    descriptions: Readonly<Record<string, string>> = {},
  ): Promise<FakeAgent> {
    const server = createServer((request, response) => {
      if (request.url === '/metrics/descriptions') {
        response.end(JSON.stringify(descriptions));
        return;
      }
      agent.polls++;
      if (agent.snapshot === null) response.writeHead(500).end('broken\n');
      else response.end(encodeV3({ ...agent.snapshot, systemTimeNs: BigInt(Date.now()) * 1_000_000n }));
    });
    const agent = new FakeAgent(server, snapshot);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return agent;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
