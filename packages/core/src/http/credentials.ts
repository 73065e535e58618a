import { createHash, timingSafeEqual } from 'node:crypto';
import { Passwords, type Verdict } from './passwords.ts';
import type { WebConfig } from './web-config.ts';

/** Credentials: those that a web-config file lets in, by user and password or by token. */
export class Credentials {
  readonly #passwords: Passwords;
  readonly #tokens: readonly Buffer[];
  /** Value of WWW-Authenticate; empty = everybody may come in. */
  readonly challenge: string;

  constructor({ users, tokens }: Pick<WebConfig, 'users' | 'tokens'>) {
    this.#passwords = new Passwords(users);
    this.#tokens = tokens;
    const schemes = [users.size > 0 ? 'Basic realm="Rezolus"' : '', tokens.length > 0 ? 'Bearer' : ''];
    this.challenge = schemes.filter((scheme) => scheme !== '').join(', ');
  }

  /** check: whether an Authorization header is good for entry. `peer` tells clients apart. */
  check(header: string | undefined, peer: string): Verdict | Promise<Verdict> {
    if (this.challenge === '') return true;
    const match = /^(basic|bearer) +(\S+) *$/i.exec(header ?? '');
    if (match === null) return false;
    if (match[1]!.toLowerCase() === 'bearer') return this.#isToken(match[2]!);
    const text = Buffer.from(match[2]!, 'base64').toString();
    const colon = text.indexOf(':');
    return colon < 0 ? false : this.#passwords.check(text.slice(0, colon), text.slice(colon + 1), peer);
  }

  #isToken(token: string): boolean {
    const digest = createHash('sha256').update(token).digest();
    let found = false;
    for (const known of this.#tokens) found = timingSafeEqual(known, digest) || found;
    return found;
  }
}
