import { RezolusError } from '@rezolus/core/errors';
import { parseEndpoint } from '@rezolus/core/http';

/** Protocol: how an endpoint answers: snapshots of Rezolus, or the text of Prometheus. */
export type Protocol = 'msgpack' | 'prometheus';

/** EndpointSpec: an endpoint to record; what is left out is found out. */
export interface EndpointSpec {
  /** A URL, `host:port` or `unix:/path`, without credentials. */
  readonly url: string;
  readonly source?: string;
  /** What it is to the recording, e.g. `loadgen`; a member of `per_source_metadata`. */
  readonly role?: string;
  readonly protocol?: Protocol;
  /** File with the credentials, see `HttpClient`. */
  readonly httpConfigFile?: string;
}

/**
 * parseEndpointSpec: `url[,source=X][,role=X][,protocol=msgpack|prometheus]`. Throws REZ_ERR_CONFIG_INVALID for
 * anything else.
 */
export function parseEndpointSpec(text: string): EndpointSpec {
  const [url = '', ...options] = text.split(',');
  const spec: Record<string, string> = {};
  for (const option of options) {
    const split = option.indexOf('=');
    const key = option.slice(0, split);
    const value = option.slice(split + 1);
    if (split < 1 || !['source', 'role', 'protocol'].includes(key) || value === '') {
      throw invalid(text, `"${option}" is not source=, role= or protocol=`);
    }
    spec[key] = value;
  }
  parseAddress(url);
  const { source, role, protocol } = spec;
  if (protocol !== undefined && protocol !== 'msgpack' && protocol !== 'prometheus') {
    throw invalid(text, `"${protocol}" is not msgpack or prometheus`);
  }
  return {
    url,
    ...(source !== undefined && { source }),
    ...(role !== undefined && { role }),
    ...(protocol !== undefined && { protocol }),
  };
}

/** parseAddress: what `parseEndpoint` takes. Throws REZ_ERR_ENDPOINT_UNREACHABLE for the rest. */
export function parseAddress(address: string): URL {
  const url = parseEndpoint(address);
  if (url !== null) return url;
  throw new RezolusError(
    'REZ_ERR_ENDPOINT_UNREACHABLE',
    `${address.replace(/\/\/.*@/, '//…@')} is not an HTTP address without credentials`,
  );
}

function invalid(text: string, reason: string): RezolusError {
  return new RezolusError('REZ_ERR_CONFIG_INVALID', `endpoint ${text}: ${reason}`);
}
