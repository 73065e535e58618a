import { formatDuration } from '@rezolus/core';

const intervalMs = 100;

/** ProgressLine: one line on a terminal that is written over; nothing where the output is no terminal. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #lastMs = 0;
  #shown = false;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** show: replaces the line, at most ten times a second. */
  show(text: string): void {
    if (!this.#stream.isTTY || performance.now() - this.#lastMs < intervalMs) return;
    this.#lastMs = performance.now();
    this.#shown = true;
    this.#stream.write(`\r\x1b[2K${text.slice(0, this.#stream.columns - 1)}`);
  }

  /** end: removes the line. */
  end(): void {
    if (this.#shown) this.#stream.write('\r\x1b[2K');
  }
}

/** bar: elapsed of total as a bar of `width` cells, e.g. `[=====>    ]`. */
export function bar(elapsedMs: number, totalMs: number, width = 24): string {
  const filled = Math.min(width, Math.round((elapsedMs / totalMs) * width));
  return `[${'='.repeat(Math.max(0, filled - 1))}${filled > 0 && filled < width ? '>' : '='.repeat(Math.min(1, filled))}${' '.repeat(width - filled)}]`;
}

/** formatBytes: bytes in units of 1024, three digits: `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

/** formatElapsed: whole seconds for a progress line, so that it does not flicker. */
export function formatElapsed(ms: number): string {
  return ms < 1000 ? '0s' : formatDuration(Math.floor(ms / 1000) * 1000);
}
