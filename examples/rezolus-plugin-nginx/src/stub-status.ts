/** StubStatus: what nginx says of itself, by the names of the metrics. */
export interface StubStatus {
  readonly accepted: bigint;
  readonly handled: bigint;
  readonly requests: bigint;
  readonly reading: bigint;
  readonly writing: bigint;
  readonly waiting: bigint;
}

const number = '(\\d{1,18})';
const page = new RegExp(
  `^Active connections: ${number} *\\nserver accepts handled requests *\\n ${number} ${number} ${number} *\\n` +
    `Reading: ${number} Writing: ${number} Waiting: ${number}\\s*$`,
);

/**
 * parseStubStatus: reads the page of ngx_http_stub_status_module (https://nginx.org/en/docs/http/ngx_http_stub_status_module.html).
 * Throws where it is another page.
 */
export function parseStubStatus(text: string): StubStatus {
  const match = page.exec(text);
  if (match === null) throw new Error('the answer is not a page of stub_status');
  const [, , accepted, handled, requests, reading, writing, waiting] = match.map((digits, index) =>
    index === 0 ? 0n : BigInt(digits),
  ) as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  return { accepted, handled, requests, reading, writing, waiting };
}
