import { isIP } from 'node:net';
import { hostname } from 'node:os';

/**
 * isOwnHost: whether a Host header names this machine: an IP address, localhost, its hostname, or one of `also`.
 * Any other name may be one that a web page made to resolve to us (DNS rebinding).
 */
export function isOwnHost(header: string, also: readonly string[] = []): boolean {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header);
  const name = (match?.[1] ?? match?.[2] ?? '').toLowerCase().replace(/\.$/, '');
  if (isIP(name) !== 0) return true;
  return ['localhost', hostname(), ...also].some((own) => own.toLowerCase() === name);
}
