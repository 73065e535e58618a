import { BlockList, isIP } from 'node:net';
import { RezolusError } from '@rezolus/core';

/** Source: the IANA registries of special-purpose addresses (RFC 6890): what is not on the public internet. */
const special: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
];

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

function listOf(networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, bits] of networks) list.addSubnet(network, bits, family(network));
  return list;
}

const privateAddresses = listOf(special);

/**
 * AllowList: the URLs that the viewer may fetch for its user. A URL is allowed where it begins with one of the prefixes
 * (same scheme, host and port, path below the prefix's). An address that is not public is allowed only where a prefix
 * names it (an IP address, or localhost) or `networks` (CIDR) holds it, so that no name leads into the inner network.
 */
export class AllowList {
  readonly #prefixes: readonly URL[];
  readonly #networks: BlockList;

  /** Throws RezolusError REZ_ERR_CONFIG_INVALID for a prefix that is no http or https URL and for a wrong network. */
  constructor(prefixes: readonly string[], networks: readonly string[] = []) {
    this.#prefixes = prefixes.map(prefixOf);
    this.#networks = listOf([
      ...networks.map(networkOf),
      ...this.#prefixes.flatMap(({ hostname }) => literalOf(hostname)),
    ]);
  }

  /** isEmpty: whether nothing at all is allowed. */
  get isEmpty(): boolean {
    return this.#prefixes.length === 0;
  }

  /** allows: whether `url` may be fetched, as far as the URL tells. */
  allows(url: URL): boolean {
    if (url.username !== '' || url.password !== '') return false;
    return this.#prefixes.some(({ origin, pathname }) => {
      if (url.origin !== origin) return false;
      const folder = pathname.endsWith('/') ? pathname : `${pathname}/`;
      return url.pathname === pathname || url.pathname.startsWith(folder);
    });
  }

  /** allowsAddress: whether a connection may go to the IP address. */
  allowsAddress(address: string): boolean {
    const plain = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
    if (isIP(plain) === 0) return false;
    const kind = family(plain);
    return !privateAddresses.check(plain, kind) || this.#networks.check(plain, kind);
  }
}

function prefixOf(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url;
  throw new RezolusError('REZ_ERR_CONFIG_INVALID', `"${text}" is not the beginning of an http or https URL`);
}

function networkOf(text: string): [string, number] {
  const [address = '', bits = ''] = text.split('/');
  const kind = isIP(address);
  const most = kind === 6 ? 128 : 32;
  const length = bits === '' ? most : Number(bits);
  if (kind !== 0 && Number.isInteger(length) && length >= 0 && length <= most) return [address, length];
  throw new RezolusError('REZ_ERR_CONFIG_INVALID', `"${text}" is not a network such as 10.0.0.0/8`);
}

/** The addresses that a host name of a prefix stands for by itself. */
function literalOf(hostname: string): [string, number][] {
  if (hostname === 'localhost') {
    return [
      ['127.0.0.0', 8],
      ['::1', 128],
    ];
  }
  const address = hostname.replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? [] : [[address, isIP(address) === 6 ? 128 : 32]];
}
