import type { Labels } from '@rezolus/core';
import type { Endpoint, PrometheusEndpoint } from './endpoint.ts';
import { parseAddress } from './endpoint-spec.ts';

/** IdentityOptions: what the user calls the node and the instance of a recording. */
export interface IdentityOptions {
  readonly node?: string;
  readonly instance?: string;
  /** Several endpoints go into the same file: each of them gets a name of its own. */
  readonly several: boolean;
}

/**
 * identifier: names endpoints as combined recordings do: a Rezolus agent by its `node` (the hostname that it states, else
 * the host of its URL), a service by its `instance`, counted per source from 0. What the user gave names the first of
 * them; in a recording of one endpoint nothing else is a label.
 */
export function identifier(options: IdentityOptions): (endpoint: Endpoint | PrometheusEndpoint) => Labels {
  const { node, instance, several } = options;
  const nodes = new Set<string>();
  const instances = new Map<string, number>();
  return (endpoint) => {
    const given = { ...(node !== undefined && { node }), ...(instance !== undefined && { instance }) };
    if (!several) return given;
    if (endpoint.protocol === 'prometheus') {
      const count = instances.get(endpoint.source) ?? 0;
      instances.set(endpoint.source, count + 1);
      return { ...given, instance: count === 0 && instance !== undefined ? instance : String(count) };
    }
    const url = parseAddress(endpoint.labels.endpoint ?? '');
    const candidates = [node, hostname(endpoint.facts.systeminfo) ?? url.hostname, url.host];
    let name = candidates.find((candidate) => candidate !== undefined && !nodes.has(candidate));
    for (let n = 2; name === undefined; n++) {
      const numbered = `${url.host}~${n}`;
      if (!nodes.has(numbered)) name = numbered;
    }
    nodes.add(name);
    return { ...given, node: name };
  };
}

function hostname(systeminfo: string | undefined): string | undefined {
  try {
    const { hostname } = JSON.parse(systeminfo ?? '{}') as { hostname?: unknown };
    return typeof hostname === 'string' && hostname !== '' ? hostname : undefined;
  } catch {
    return undefined;
  }
}
