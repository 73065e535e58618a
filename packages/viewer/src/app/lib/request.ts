/** RequestError: a request that the server refused or never answered; the message is for the user. */
export class RequestError extends Error {
  /** `errorType` of the answer: `bad_data`, `execution`, ...; `network` where there was none. */
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.name = 'RequestError';
    this.type = type;
  }
}

/** Params: parameters of a request; those that are undefined are left out. */
export type Params = Readonly<Record<string, string | number | undefined>>;

/** url: the address of a route, below whatever path the app itself was served from. */
export function url(route: string, params: Params = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) if (value !== undefined) search.set(key, String(value));
  const query = search.toString();
  return `.${route}${query === '' ? '' : `?${query}`}`;
}

/** Sending: what goes along with a request that changes something. */
export interface Sending {
  readonly body?: Blob | undefined;
  /** Told how much of the body has gone, 0..1. */
  readonly progress?: (share: number) => void;
  readonly signal?: AbortSignal;
}
