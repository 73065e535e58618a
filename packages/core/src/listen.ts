/** ListenAddress: where to listen; port 0 = any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** parseListen: an address such as `127.0.0.1:4241` or `[::1]:4241`, or null where the text is none. */
export function parseListen(text: string): ListenAddress | null {
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  return match === null || port > 65_535 ? null : { host: match[1] ?? match[2]!, port };
}
