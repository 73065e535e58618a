import { RezolusError } from '@rezolus/core/errors';
import { HttpClient } from '@rezolus/core/http';
import { SnapshotDecoder } from '@rezolus/exposition';
import type { Endpoint, EndpointFacts } from './endpoint.ts';

const factTimeoutMs = 5000;

/** AgentOptions: `source` is the label of that name, default `rezolus`. */
export interface AgentOptions {
  readonly source?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * openAgent: probes a Rezolus agent at `address` (a URL, or `host:port`). The path `/` means `/metrics/binary`. Fetches
 * what the agent says of itself. Throws REZ_ERR_ENDPOINT_UNREACHABLE where nothing answers and
 * REZ_ERR_ENDPOINT_RESPONSE where the answer is not a snapshot.
 */
export async function openAgent(address: string, options: AgentOptions = {}): Promise<Endpoint> {
  const { source = 'rezolus', timeoutMs = 10_000, signal = new AbortController().signal } = options;
  const base = parseAddress(address);
  const target = base.pathname === '/' ? new URL('/metrics/binary', base) : base;
  const client = new HttpClient(base);
  const decoder = new SnapshotDecoder();
  const scrape: Endpoint['scrape'] = async (limit, aborted) => {
    const { status, body } = await client.get(target, limit, aborted);
    if (status < 200 || status > 299) {
      throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `${target.href} answered with status ${status}`);
    }
    return decoder.decode(body);
  };
  try {
    await scrape(timeoutMs, signal).catch((cause) => {
      if (!(cause instanceof RezolusError) || cause.code !== 'REZ_ERR_SNAPSHOT_FORMAT') throw cause;
      throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `${target.href} did not answer with a snapshot`, {
        cause,
      });
    });
    const facts = await fetchFacts(client, base, signal);
    const labels = { source, endpoint: base.href };
    return { source, labels, facts, scrape, [Symbol.dispose]: () => client[Symbol.dispose]() };
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

function parseAddress(address: string): URL {
  try {
    const url = new URL(address.includes('://') ? address : `http://${address}`);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // Reported below, together with other protocols.
  }
  throw new RezolusError('REZ_ERR_ENDPOINT_UNREACHABLE', `${address} is not an HTTP address`);
}

async function fetchFacts(client: HttpClient, base: URL, signal: AbortSignal): Promise<EndpointFacts> {
  const fetchJson = async (key: keyof EndpointFacts, path: string): Promise<EndpointFacts> => {
    try {
      const { status, body } = await client.get(new URL(path, base), factTimeoutMs, signal);
      const json = Buffer.from(body).toString();
      JSON.parse(json);
      return status === 200 ? { [key]: json } : {};
    } catch {
      signal.throwIfAborted();
      return {};
    }
  };
  const facts = await Promise.all([
    fetchJson('systeminfo', '/systeminfo'),
    fetchJson('descriptions', '/metrics/descriptions'),
    fetchJson('samplers', '/samplers'),
  ]);
  return Object.assign({}, ...facts);
}
