import { RezolusError } from '@rezolus/core';

const maxBytes = 64 * 1024 * 1024;
const timeoutMs = 10_000;

/** AgentClient: reads the routes of one agent: no redirects, at most 64 MB and 10 s per answer. */
export class AgentClient {
  /** The agent's URL without credentials. */
  readonly url: string;
  readonly #headers: Record<string, string>;

  /** Throws RezolusError REZ_ERR_CONFIG_INVALID where `url` is not an http or https URL. */
  constructor(url: string) {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      throw new RezolusError('REZ_ERR_CONFIG_INVALID', `${url} is not an http or https URL`);
    }
    const { username, password } = parsed;
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#headers =
      username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
    this.url = parsed.origin;
  }

  /**
   * bytes: the body of `path`. Throws RezolusError REZ_ERR_ENDPOINT_UNREACHABLE where the agent does not answer,
   * REZ_ERR_ENDPOINT_RESPONSE where the answer is an error, a redirect or too large.
   */
  async bytes(path: string, signal: AbortSignal): Promise<Uint8Array> {
    const response = await this.#get(path, signal);
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `${this.url}${path} answered ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    // Leaving the loop early cancels the rest of the body.
    for await (const chunk of response.body) {
      size += chunk.length;
      if (size > maxBytes) {
        throw new RezolusError('REZ_ERR_ENDPOINT_RESPONSE', `${this.url}${path} sent more than 64 MB`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }

  /** json: the body of `path` as JSON, null where the agent does not have it. Throws as {@link bytes}. */
  async json(path: string, signal: AbortSignal): Promise<unknown> {
    try {
      return JSON.parse(new TextDecoder().decode(await this.bytes(path, signal)));
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      if (error instanceof RezolusError && error.code === 'REZ_ERR_ENDPOINT_RESPONSE') return null;
      throw error;
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<Response> {
    try {
      return await fetch(`${this.url}${path}`, {
        headers: this.#headers,
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
    } catch (cause) {
      throw new RezolusError('REZ_ERR_ENDPOINT_UNREACHABLE', `${this.url} does not answer`, { cause });
    }
  }
}
