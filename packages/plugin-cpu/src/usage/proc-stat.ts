import { closeSync, openSync, readSync } from 'node:fs';

const nsPerTick = 10_000_000;

/** ProcStat: the per-CPU lines of /proc/stat, where the kernel shows its accounts in ticks of 10 ms. */
export class ProcStat implements Disposable {
  readonly #fd: number;
  #buffer = Buffer.alloc(64 * 1024);

  constructor(path = '/proc/stat') {
    this.#fd = openSync(path, 'r');
  }

  /**
   * read: user time (with nice) and system time (with irq and softirq) of each CPU in ns, into `user[cpu]` and
   * `system[cpu]`. An offline CPU has no line and keeps what it had.
   */
  read(user: BigUint64Array, system: BigUint64Array): void {
    const length = this.#fill();
    let at = 0;
    while (at < length && this.#buffer[at] === 0x63 && this.#buffer[at + 1] === 0x70) {
      const end = this.#buffer.indexOf(0x0a, at);
      const fields = this.#buffer.toString('latin1', at + 3, end < 0 ? length : end).split(' ');
      // fields: cpu id (empty on the total line), user nice system idle iowait irq softirq …
      const cpu = fields[0] === '' ? -1 : Number(fields[0]);
      if (cpu >= 0 && cpu < user.length) {
        user[cpu] = BigInt((Number(fields[1]) + Number(fields[2])) * nsPerTick);
        system[cpu] = BigInt((Number(fields[3]) + Number(fields[6]) + Number(fields[7])) * nsPerTick);
      }
      if (end < 0) return;
      at = end + 1;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #fill(): number {
    for (;;) {
      const length = readSync(this.#fd, this.#buffer, 0, this.#buffer.length, 0);
      // The CPU lines come first; the rest of the file may be cut off.
      const whole = length < this.#buffer.length || this.#buffer.indexOf('intr ', 0, 'latin1') >= 0;
      if (whole) return length;
      this.#buffer = Buffer.alloc(this.#buffer.length * 2);
    }
  }
}
