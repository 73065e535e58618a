import { RezolusError } from '@rezolus/core/errors';

/** Protocol: how an endpoint answers: snapshots of Rezolus, or the text of Prometheus. */
export type Protocol = 'msgpack' | 'prometheus';

/** EndpointSpec: an endpoint to record; what is left out is found out. */
export interface EndpointSpec {
  /** A URL, or `host:port`. */
  readonly url: string;
  readonly source?: string;
  /** What it is to the recording, e.g. `loadgen`; a member of `per_source_metadata`. */
  readonly role?: string;
  readonly protocol?: Protocol;
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

/** parseAddress: a URL, or `host:port`, as an http or https URL. Throws REZ_ERR_ENDPOINT_UNREACHABLE for others. */
export function parseAddress(address: string): URL {
  try {
    const url = new URL(address.includes('://') ? address : `http://${address}`);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // Reported below, together with other protocols.
  }
  throw new RezolusError('REZ_ERR_ENDPOINT_UNREACHABLE', `${address} is not an HTTP address`);
}

function invalid(text: string, reason: string): RezolusError {
  return new RezolusError('REZ_ERR_CONFIG_INVALID', `endpoint ${text}: ${reason}`);
}
