import type { RangeReply } from '../../contract.ts';

/** sizeOf: the bytes that `reply` holds on to, about. */
export function sizeOf(reply: RangeReply): number {
  if (reply.kind === 'buckets') return reply.counts.length * 14 + reply.times.length * 8;
  return reply.series.reduce((sum, series) => sum + series.values.length * (series.min ? 32 : 16), 200);
}

/** ReplyCache: answers by request, the least used ones dropped beyond `limit` bytes. */
export class ReplyCache {
  readonly #limit: number;
  readonly #replies = new Map<string, RangeReply>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): RangeReply | undefined {
    const reply = this.#replies.get(key);
    if (reply !== undefined) {
      this.#replies.delete(key);
      this.#replies.set(key, reply);
    }
    return reply;
  }

  set(key: string, reply: RangeReply): void {
    const before = this.#replies.get(key);
    if (before !== undefined) this.#bytes -= sizeOf(before);
    this.#replies.delete(key);
    this.#replies.set(key, reply);
    this.#bytes += sizeOf(reply);
    for (const [oldest, old] of this.#replies) {
      if (this.#bytes <= this.#limit) break;
      this.#replies.delete(oldest);
      this.#bytes -= sizeOf(old);
    }
  }
}
