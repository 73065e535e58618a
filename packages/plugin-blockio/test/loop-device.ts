import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** LoopDevice: a loop device over a sparse file, by default in shared memory, so that no other disk has part in it. */
export class LoopDevice implements Disposable {
  readonly path: string;
  readonly file: string;
  readonly #folder: string;

  constructor({ size = 64 << 20, folder = '/dev/shm', path = '', direct = true } = {}) {
    this.#folder = mkdtempSync(join(folder, 'rezolus-test-'));
    this.file = join(this.#folder, 'disk');
    writeFileSync(this.file, '');
    truncateSync(this.file, size);
    const where = path === '' ? ['--find', '--show'] : [path];
    const out = run('losetup', `--direct-io=${direct ? 'on' : 'off'}`, ...where, this.file);
    this.path = path === '' ? out.trim() : path;
  }

  get name(): string {
    return basename(this.path);
  }

  /** write: `count` direct writes of `size` bytes each from the start of the device. */
  write(count: number, size: number, ...more: string[]): void {
    run('dd', 'if=/dev/zero', `of=${this.path}`, `bs=${size}`, `count=${count}`, 'oflag=direct', ...more);
  }

  /** read: `count` direct reads of `size` bytes each. */
  read(count: number, size: number): void {
    run('dd', `if=${this.path}`, 'of=/dev/null', `bs=${size}`, `count=${count}`, 'iflag=direct');
  }

  /** stat: what the kernel has counted of the disk (Documentation/block/stat.rst). */
  stat() {
    const [
      reads,
      ,
      readSectors,
      readMs,
      writes,
      ,
      writeSectors,
      writeMs,
      ,
      ,
      ,
      discards,
      ,
      discardSectors,
      ,
      flushes,
    ] = readFileSync(`/sys/block/${this.name}/stat`, 'utf8').trim().split(/\s+/).map(Number) as number[];
    return {
      operations: { read: reads!, write: writes!, flush: flushes!, discard: discards! },
      bytes: { read: readSectors! * 512, write: writeSectors! * 512, discard: discardSectors! * 512 },
      ms: { read: readMs!, write: writeMs! },
    };
  }

  /** scheduler: sets the I/O scheduler; the disk keeps it after this object. */
  scheduler(name: string): void {
    writeFileSync(`/sys/block/${this.name}/queue/scheduler`, name);
  }

  [Symbol.dispose](): void {
    run('losetup', '--detach', this.path);
    rmSync(this.#folder, { recursive: true });
  }
}

/** run: runs a program and returns what it prints; throws where it fails. */
export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
