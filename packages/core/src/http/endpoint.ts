/**
 * parseEndpoint: the base URL of a server, from `host:port`, `http://…`, `https://…` or `unix:/path/of/socket`; null
 * where the text is none, or has a user or password in it, which would be seen wherever the address is shown. A socket
 * becomes `http+unix://%2Fpath%2Fof%2Fsocket/`, so that paths resolve against it as against any other base.
 */
export function parseEndpoint(text: string): URL | null {
  const socket = /^unix:(?:\/\/)?(\/.+)$/.exec(text);
  if (text.startsWith('unix:') && socket === null) return null;
  if (socket !== null) return URL.parse(`http+unix://${encodeURIComponent(socket[1]!)}/`);
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !/^(https?|http\+unix):$/.test(url.protocol)) return null;
  return url.username === '' && url.password === '' ? url : null;
}

/** socketPathOf: the path of the socket behind a URL of {@link parseEndpoint}, undefined for TCP. */
export function socketPathOf(url: URL): string | undefined {
  return url.protocol === 'http+unix:' ? decodeURIComponent(url.hostname) : undefined;
}

/** endpointText: a URL of {@link parseEndpoint}, or one below it, for people. */
export function endpointText(url: URL): string {
  const path = socketPathOf(url);
  if (path === undefined) return url.href;
  return `unix:${path}${url.pathname === '/' ? '' : ` ${url.pathname}${url.search}`}`;
}
