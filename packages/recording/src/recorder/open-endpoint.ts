import { RezolusError } from '@rezolus/core/errors';
import { endpointText, HttpClient } from '@rezolus/core/http';
import { parsePrometheus } from '../prometheus/parse.ts';
import { getBody, openAgent } from './agent-endpoint.ts';
import type { Endpoint, PrometheusEndpoint } from './endpoint.ts';
import { type EndpointSpec, parseAddress } from './endpoint-spec.ts';

/**
 * openEndpoint: probes an endpoint. Where the protocol is not given, it is told from the content of the answer: at `/`
 * of that under `/metrics/binary` and then `/metrics`, else of the path itself. Throws REZ_ERR_ENDPOINT_UNREACHABLE
 * where nothing answers and REZ_ERR_ENDPOINT_RESPONSE where the answer is neither.
 */
export async function openEndpoint(
  spec: EndpointSpec,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Endpoint | PrometheusEndpoint> {
  const { url, source, protocol, httpConfigFile } = spec;
  const agent = () =>
    openAgent(url, {
      timeoutMs,
      signal,
      ...(source !== undefined && { source }),
      ...(httpConfigFile !== undefined && { httpConfigFile }),
    });
  if (protocol === 'msgpack') return agent();
  if (protocol === 'prometheus') return openPrometheus(spec, timeoutMs, signal);
  try {
    return await agent();
  } catch (error) {
    if (!(error instanceof RezolusError) || error.code !== 'REZ_ERR_ENDPOINT_RESPONSE') throw error;
    return await openPrometheus(spec, timeoutMs, signal).catch((cause) => {
      const message = `${url} answers neither as a Rezolus agent nor as a Prometheus target`;
      throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', message, { cause });
    });
  }
}

async function openPrometheus(
  { url: address, source: given, httpConfigFile }: EndpointSpec,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<PrometheusEndpoint> {
  const base = parseAddress(address);
  const target = base.pathname === '/' ? new URL('/metrics', base) : base;
  const source = given ?? `${base.hostname}-${base.port || (base.protocol === 'https:' ? '443' : '80')}`;
  const client = await HttpClient.open(base, httpConfigFile);
  const scrape: PrometheusEndpoint['scrape'] = async (limit, aborted) => {
    const body = await getBody(client, target, limit, aborted);
    return parsePrometheus(new TextDecoder('utf-8', { fatal: false }).decode(body));
  };
  try {
    await scrape(timeoutMs, signal);
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
  return {
    protocol: 'prometheus',
    source,
    labels: { source, endpoint: endpointText(base) },
    scrape,
    [Symbol.dispose]: () => client[Symbol.dispose](),
  };
}
