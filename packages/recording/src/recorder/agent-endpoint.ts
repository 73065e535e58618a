import { RezolusError } from '@rezolus/core/errors';
import { endpointText, HttpClient } from '@rezolus/core/http';
import { decodeSnapshot, type SnapshotAnswer, SnapshotReader } from '@rezolus/exposition';
import type { Endpoint, EndpointFacts } from './endpoint.ts';
import { parseAddress } from './endpoint-spec.ts';

const factTimeoutMs = 5000;

/** AgentOptions: `source` is the label of that name, default `rezolus`. */
export interface AgentOptions {
  readonly source?: string;
  readonly timeoutMs?: number;
  /** Credentials, see `HttpClient`. */
  readonly httpConfigFile?: string;
  readonly signal?: AbortSignal;
}

/**
 * openAgent: probes a Rezolus agent at `address`, see `parseEndpoint`. The path `/` means `/metrics/binary`. Fetches
 * what the agent says of itself. Throws REZ_ERR_ENDPOINT_UNREACHABLE where nothing answers and
 * REZ_ERR_ENDPOINT_RESPONSE where the answer is not a snapshot.
 */
export async function openAgent(address: string, options: AgentOptions = {}): Promise<Endpoint> {
  const { source = 'rezolus', timeoutMs = 10_000, httpConfigFile } = options;
  const { signal = new AbortController().signal } = options;
  const base = parseAddress(address);
  const target = base.pathname === '/' ? new URL('/metrics/binary', base) : base;
  const client = await HttpClient.open(base, httpConfigFile);
  const reader = new SnapshotReader();
  const scrapeRaw: Endpoint['scrapeRaw'] = async (limit, aborted) => {
    const { body } = await getAnswer(client, target, limit, aborted);
    return { snapshot: decodeSnapshot(body), body };
  };
  const scrape: Endpoint['scrape'] = (limit, aborted) =>
    reader.read((schemas) => getAnswer(client, target, limit, aborted, schemas));
  try {
    await scrape(timeoutMs, signal).catch((cause) => {
      if (!(cause instanceof RezolusError) || cause.code !== 'REZ_ERR_SNAPSHOT_FORMAT') throw cause;
      throw new RezolusError(
        'REZ_ERR_ENDPOINT_RESPONSE',
        `${endpointText(target)} did not answer with a snapshot`,
        {
          cause,
        },
      );
    });
    const facts = await fetchFacts(client, base, signal);
    return {
      protocol: 'msgpack',
      source,
      labels: { source, endpoint: endpointText(base) },
      facts,
      scrape,
      scrapeRaw,
      startedMs: async (aborted) => {
        const status = await fetchJson(client, new URL('/status', base), aborted);
        const uptime = status === null ? undefined : (JSON.parse(status) as { uptime_seconds?: unknown });
        const seconds = uptime?.uptime_seconds;
        return typeof seconds === 'number' ? Date.now() - seconds * 1000 : undefined;
      },
      [Symbol.dispose]: () => client[Symbol.dispose](),
    };
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

/** getBody: the body of an answer of status 2xx. Throws as `Endpoint.scrape` does. */
export async function getBody(
  client: HttpClient,
  url: URL,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return (await getAnswer(client, url, timeoutMs, signal)).body;
}

async function getAnswer(
  client: HttpClient,
  url: URL,
  timeoutMs: number,
  signal: AbortSignal,
  schemas?: string,
): Promise<SnapshotAnswer> {
  const answer = await client.get(url, timeoutMs, signal, schemas);
  const { status } = answer;
  if (status >= 200 && status <= 299) return answer;
  throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `${endpointText(url)} answered with status ${status}`);
}

/** fetchJson: an answer that is JSON, as text; null where there is none. */
async function fetchJson(client: HttpClient, url: URL, signal: AbortSignal): Promise<string | null> {
  try {
    const json = Buffer.from(await getBody(client, url, factTimeoutMs, signal)).toString();
    JSON.parse(json);
    return json;
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

async function fetchFacts(client: HttpClient, base: URL, signal: AbortSignal): Promise<EndpointFacts> {
  const fetchFact = async (key: keyof EndpointFacts, path: string): Promise<EndpointFacts> => {
    const json = await fetchJson(client, new URL(path, base), signal);
    return json === null ? {} : { [key]: json };
  };
  const facts = await Promise.all([
    fetchFact('systeminfo', '/systeminfo'),
    fetchFact('descriptions', '/metrics/descriptions'),
    fetchFact('samplers', '/samplers'),
  ]);
  return Object.assign({}, ...facts);
}
