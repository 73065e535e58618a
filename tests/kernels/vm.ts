import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CpioArchive } from './cpio.ts';
import type { Kernel } from './debian.ts';
import { modulesArchive } from './initramfs.ts';
import type { Report } from './report.ts';

/** Run: what a guest reported, what its kernel printed and how many seconds all of it took. */
export interface Run {
  readonly kernel: string;
  readonly reports: readonly Report[];
  readonly console: string;
  readonly seconds: number;
}

const limitSeconds = 400;

/**
 * runGuest: boots the kernel with the archives as its root file system, in an emulated machine of two CPUs (and room
 * for a third), and returns when it has ended. Needs qemu-system-x86_64, but no virtualisation.
 */
export async function runGuest(kernel: Kernel, archive: CpioArchive): Promise<Run> {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'rezolus-guest-'));
  try {
    const initramfs = join(folder, 'initramfs');
    const log = join(folder, 'console');
    // The kernel unpacks one archive after the other.
    write(initramfs, [...archive.parts(), ...modulesArchive(kernel.modules).parts()]);
    const child = spawn(
      'timeout',
      [
        ...['--kill-after=5', String(limitSeconds), 'qemu-system-x86_64'],
        ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2,maxcpus=3', '-m', '1024'],
        ...['-nodefaults', '-display', 'none', '-no-reboot'],
        ...['-kernel', kernel.image, '-initrd', initramfs, '-append', 'console=ttyS0 quiet panic=-1'],
        ...['-serial', `file:${log}`, '-serial', 'stdio'],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let said = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      complaints += text;
    });
    await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    const lines = said.split('\n').filter((line) => line.startsWith('{') && line.trimEnd().endsWith('}'));
    return {
      kernel: kernel.package,
      reports: lines.map((line): Report => JSON.parse(line)),
      console: readFileSync(log, 'utf8') + complaints,
      seconds: (performance.now() - began) / 1000,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write(path: string, parts: readonly Buffer[]): void {
  const file = openSync(path, 'w');
  try {
    for (const part of parts) if (part.length > 0) writeSync(file, part);
  } finally {
    closeSync(file);
  }
}
