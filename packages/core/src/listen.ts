/** TcpAddress: where to listen; port 0 = any free one. */
export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** SocketAddress: a unix socket to listen on; `mode` = its permissions, of which only w counts. */
export interface SocketAddress {
  readonly path: string;
  readonly mode: number;
}

/** ListenAddress: a TCP port or a unix socket. */
export type ListenAddress = TcpAddress | SocketAddress;

/** Owner and group may connect. */
const defaultMode = 0o660;

/**
 * parseListen: an address such as `127.0.0.1:4241`, `[::1]:4241`, `unix:/run/rezolus/agent.sock` or
 * `unix:/run/rezolus/agent.sock?mode=0666`, or null where the text is none.
 */
export function parseListen(text: string): ListenAddress | null {
  const socket = /^unix:(\/[^?\0]*[^/?\0])(?:\?mode=(0?[0-7]{3}))?$/.exec(text);
  if (socket !== null) return { path: socket[1]!, mode: Number.parseInt(socket[2] ?? '', 8) || defaultMode };
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  return match === null || port > 65_535 ? null : { host: match[1] ?? match[2]!, port };
}

/** listenText: the address as it is written in a configuration. */
export function listenText(address: ListenAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  const { host, port } = address;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** listenHosts: the names by which clients may call a server of this address. */
export function listenHosts(address: ListenAddress): string[] {
  return 'path' in address ? [] : [address.host];
}
