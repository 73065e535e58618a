import { closeSync, openSync, readSync } from 'node:fs';

/**
 * ProcTable: a /proc file of `key value` lines, kept open and read into one buffer. `keys` are looked up by name, since
 * lines come and go between kernels.
 */
export class ProcTable implements Disposable {
  readonly #fd: number;
  readonly #needles: readonly Buffer[];
  #buffer = Buffer.alloc(16 * 1024);
  #length = 0;

  constructor(path: string, keys: readonly string[]) {
    this.#fd = openSync(path, 'r');
    this.#needles = keys.map((key) => Buffer.from(`\n${key}`));
  }

  /** refresh: reads the file. */
  refresh(): void {
    // A line feed before the first line makes every key start after one.
    this.#buffer[0] = 0x0a;
    for (;;) {
      const read = readSync(this.#fd, this.#buffer, 1, this.#buffer.length - 1, 0);
      this.#length = read + 1;
      if (read < this.#buffer.length - 1) return;
      const larger = Buffer.alloc(this.#buffer.length * 2);
      larger[0] = 0x0a;
      this.#buffer = larger;
    }
  }

  /** value: the number of key `index` as a double (exact below 2^53), or null where the file has no such line. */
  value(index: number): number | null {
    const needle = this.#needles[index]!;
    let at = this.#buffer.subarray(0, this.#length).indexOf(needle);
    if (at < 0) return null;
    at += needle.length;
    while (this.#buffer[at] === 0x20 || this.#buffer[at] === 0x09 || this.#buffer[at] === 0x3a) at++;
    let value = 0;
    for (let digit = this.#buffer[at]! - 0x30; digit >= 0 && digit <= 9; digit = this.#buffer[++at]! - 0x30) {
      value = value * 10 + digit;
    }
    return value;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
