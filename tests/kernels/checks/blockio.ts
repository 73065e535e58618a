import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { runLoad } from '@rezolus/devkit';
import { type Checks, exactly, growth } from './check.ts';

const [writes, size] = [100, 16_384];
const op = { op: 'write' };

/** blockioChecks: for the samplers of plugin-blockio. Nothing but the loop device does block I/O in the guest. */
export const blockioChecks: Checks = {
  async blockio_latency(harness) {
    using disk = new LoopDevice();
    const { grown } = await growth(harness, { latencies: () => harness.entries('blockio_latency', op) }, () =>
      runLoad('write', disk.path, writes, size),
    );
    return [exactly('latencies', grown.latencies, writes)];
  },

  async blockio_requests(harness) {
    using disk = new LoopDevice();
    const { grown } = await growth(
      harness,
      {
        operations: () => harness.sum('blockio_operations', op),
        bytes: () => harness.sum('blockio_bytes', op),
        sizes: () => harness.entries('blockio_size', op),
        kernel: () => disk.written(),
      },
      () => runLoad('write', disk.path, writes, size),
    );
    return [
      exactly('writes by /sys/block', grown.operations, grown.kernel),
      exactly('writes', grown.operations, writes),
      exactly('bytes', grown.bytes, writes * size),
      exactly('sizes', grown.sizes, writes),
    ];
  },
};

/** LoopDevice: the first loop device over a sparse file in memory. */
class LoopDevice implements Disposable {
  readonly path = '/dev/loop0';
  readonly #file = '/tmp/disk';

  constructor() {
    writeFileSync(this.#file, '');
    truncateSync(this.#file, 16 << 20);
    execFileSync('losetup', [this.path, this.#file]);
  }

  /** written: completed writes, the fifth number of Documentation/block/stat.rst. */
  written(): number {
    return Number(readFileSync('/sys/block/loop0/stat', 'utf8').trim().split(/\s+/)[4]);
  }

  [Symbol.dispose](): void {
    execFileSync('losetup', ['-d', this.path]);
    rmSync(this.#file);
  }
}
