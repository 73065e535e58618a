import type { Logger } from '@rezolus/core';
import { fixedLimits } from './limits.ts';
import type { LogLevel } from './messages.ts';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const periodMs = 10_000;

/** plain: what a plugin wrote as one line of limited length without control characters. */
export function plain(text: unknown): string {
  return String(text)
    .slice(0, fixedLimits.textLength)
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
    .trim();
}

/** LogGate: lets a plugin log a limited number of lines in a period, and says how many it kept back. */
export class LogGate {
  readonly #log: Logger;
  readonly #plugin: string;
  #periodBegan = Number.NEGATIVE_INFINITY;
  #lines = 0;

  constructor(log: Logger, plugin: string) {
    this.#log = log;
    this.#plugin = plugin;
  }

  write(level: unknown, source: unknown, message: unknown): void {
    const now = performance.now();
    if (now - this.#periodBegan > periodMs) {
      const dropped = this.#lines - fixedLimits.logLines;
      if (dropped > 0) this.#log.warn({ plugin: this.#plugin }, `${dropped} lines of its log were dropped`);
      this.#periodBegan = now;
      this.#lines = 0;
    }
    if (++this.#lines > fixedLimits.logLines) return;
    const known = levels.find((one) => one === level) ?? 'info';
    this.#log[known]({ plugin: this.#plugin, source: plain(source) }, plain(message));
  }
}
