import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Disks: what /sys says of the disks that are there. Each disk of a boot has its own sequence number, which a change of
 * medium renews (Documentation/ABI/stable/sysfs-block, diskseq).
 */
export class Disks implements Disposable {
  readonly #sys: string;
  readonly #seqnum: number | undefined;
  readonly #buffer = Buffer.alloc(32);
  #seen = '';

  /** `sys`: where sysfs is mounted. Where it is not, no disk is ever told to be gone. */
  constructor(sys = '/sys') {
    this.#sys = sys;
    try {
      this.#seqnum = openSync(join(sys, 'kernel/uevent_seqnum'), 'r');
    } catch {
      this.#seqnum = undefined;
    }
  }

  /** count: how many there are, those without a medium included. */
  count(): number {
    try {
      return readdirSync(join(this.#sys, 'block')).length;
    } catch {
      return 0;
    }
  }

  /**
   * changed: whether any device of the machine came, went or changed since the last call: the kernel numbers the
   * messages by which it tells udev. True at the first call.
   */
  changed(): boolean {
    if (this.#seqnum === undefined) return false;
    const length = readSync(this.#seqnum, this.#buffer, 0, this.#buffer.length, 0);
    const seen = this.#buffer.toString('latin1', 0, length);
    if (seen === this.#seen) return false;
    this.#seen = seen;
    return true;
  }

  /** has: whether the disk of that name is still the one with that sequence number. */
  has(name: string, serial: bigint): boolean {
    if (this.#seqnum === undefined) return true;
    try {
      // sysfs has no slash in a name: cciss/c0d0 is cciss!c0d0.
      const text = readFileSync(join(this.#sys, 'block', name.replaceAll('/', '!'), 'diskseq'), 'latin1');
      return text.trim() === serial.toString();
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    if (this.#seqnum !== undefined) closeSync(this.#seqnum);
  }
}
