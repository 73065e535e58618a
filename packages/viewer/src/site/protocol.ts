/** SiteRequest: what the page asks of its worker; a number gives that request up. */
export type SiteRequest =
  | {
      readonly id: number;
      readonly method: 'GET' | 'POST' | 'DELETE';
      /** A route of the contract, or a path below `/api/v1/`. */
      readonly path: string;
      readonly params: readonly (readonly [string, string])[];
      readonly body?: Blob | undefined;
    }
  | number;

/** SiteReply: the answer: a document, or bytes in the compact form; or what is wrong. */
export type SiteReply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: { readonly type: string; readonly message: string } };
