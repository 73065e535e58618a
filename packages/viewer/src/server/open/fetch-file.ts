import { lookup } from 'node:dns';
import { createWriteStream } from 'node:fs';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError } from '../errors.ts';
import type { AllowList } from './allow-list.ts';

const maxRedirects = 5;

/**
 * fetchFile: downloads `url` to `path`. The allow-list is asked for the URL, for each redirect, and for the address that
 * is connected to, whatever the name resolved to before. Throws ApiError 403 for what is not allowed, 413 above
 * `maxBytes`, 502 where the other side fails, and the reason of `signal`.
 */
export async function fetchFile(
  url: URL,
  path: string,
  { allowed, maxBytes, signal }: { allowed: AllowList; maxBytes: number; signal: AbortSignal },
): Promise<void> {
  let target = url;
  for (let hops = 0; ; hops++) {
    if (!allowed.allows(target)) throw forbidden();
    const response = await get(target, allowed, signal);
    const { statusCode = 0, headers } = response;
    if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
      response.destroy();
      const next = URL.parse(headers.location, target.href);
      if (next === null || hops === maxRedirects) throw badGateway('it redirects to nowhere');
      target = next;
      continue;
    }
    if (statusCode !== 200) {
      response.destroy();
      throw badGateway(`it answered with status ${statusCode}`);
    }
    await saveStream(response, path, { maxBytes, length: headers['content-length'], signal });
    return;
  }
}

/** saveStream: writes `stream` to a new file. Throws ApiError 413 as soon as it is, or says it is, above `maxBytes`. */
export async function saveStream(
  stream: NodeJS.ReadableStream,
  path: string,
  { maxBytes, length, signal }: { maxBytes: number; length: string | undefined; signal?: AbortSignal },
): Promise<void> {
  const tooLarge = () =>
    new ApiError(413, 'bad_data', `the file is larger than ${Math.round(maxBytes / 2 ** 20)} MiB`);
  if (Number(length ?? 0) > maxBytes) throw tooLarge();
  let bytes = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(bytes > maxBytes ? tooLarge() : null, chunk);
    },
  });
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  await pipeline(stream, limit, file, signal === undefined ? {} : { signal });
}

function get(url: URL, allowed: AllowList, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !allowed.allowsAddress(host)) throw forbidden();
  const checked: LookupFunction = (name, options, done) =>
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 0);
      if (!addresses.every(({ address }) => allowed.allowsAddress(address))) return done(forbidden(), '', 0);
      if (options.all === true) return done(null, addresses);
      done(null, addresses[0]!.address, addresses[0]!.family);
    });
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = send(url, { lookup: checked, signal, agent: false }, resolve);
  request.on('error', (error: NodeJS.ErrnoException) => {
    if (error instanceof ApiError || signal.aborted) reject(error);
    else reject(badGateway(`it does not answer (${error.code ?? error.message})`));
  });
  request.setTimeout(20_000, () => request.destroy(badGateway('it went silent')));
  request.end();
  return promise;
}

function forbidden(): ApiError {
  return new ApiError(403, 'forbidden', 'this viewer may not load from that address; see --allow-url');
}

function badGateway(what: string): ApiError {
  return new ApiError(502, 'execution', `the file could not be loaded: ${what}`);
}
