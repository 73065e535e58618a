import type { Span } from './ast.ts';
import { lineColumn } from './position.ts';

/** maxAnnotations: more different messages of one kind are not kept. */
const maxAnnotations = 10;

/** Annotations: what the user should know about a result that is not an error; each message once, with its place. */
export class Annotations {
  readonly #query: string;
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();

  constructor(query: string) {
    this.#query = query;
  }

  /** warn: the result is probably wrong. */
  warn(message: string, at: Span): void {
    this.#add(this.#warnings, `PromQL warning: ${message}`, at);
  }

  /** info: the result may surprise. */
  info(message: string, at: Span): void {
    this.#add(this.#infos, `PromQL info: ${message}`, at);
  }

  /** size: how many messages there are. */
  get size(): number {
    return this.#warnings.size + this.#infos.size;
  }

  get warnings(): string[] {
    return [...this.#warnings];
  }

  get infos(): string[] {
    return [...this.#infos];
  }

  #add(messages: Set<string>, message: string, at: Span): void {
    if (messages.size < maxAnnotations) messages.add(`${message} (${lineColumn(this.#query, at.from)})`);
  }
}
