import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from '../support/rezolus.ts';

/** What a Debian 12 has besides its essential packages: systemd and what our package depends on. */
const packages = ['adduser', 'dbus', 'libbpf1', 'libstdc++6', 'systemd-sysv'];
const archive = join(root, '.cache/packages', `bookworm-${packages.join('+')}.tar`);

/**
 * debianRoot: the tar archive of a root file system made of Debian 12's packages, from the cache or by mmdebstrap. Throws
 * where that fails, with what it said.
 */
export function debianRoot(): string {
  if (existsSync(archive)) return archive;
  mkdirSync(dirname(archive), { recursive: true });
  const made = `${archive}.${process.pid}`;
  const unwanted = ['doc', 'locale', 'man', 'info'].map(
    (folder) => `--dpkgopt=path-exclude=/usr/share/${folder}/*`,
  );
  const args = [
    '--quiet',
    '--format=tar',
    '--variant=essential',
    `--include=${packages.join(',')}`,
    ...unwanted,
  ];
  const { status, stderr, error } = spawnSync('mmdebstrap', [...args, 'bookworm', made], {
    encoding: 'utf8',
  });
  if (status !== 0) {
    rmSync(made, { force: true });
    throw new Error(`no Debian could be made: ${error?.message ?? stderr}`);
  }
  renameSync(made, archive);
  return archive;
}

/** Ended: how a script ended and what it printed, on both streams in turn. */
export interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** Chroot: a root file system in a folder, in which programs run as root. Disposing removes it. */
export class Chroot implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'rezolus-chroot-'));

  /** Unpacks tar archives, one over the other. */
  constructor(...tarballs: readonly string[]) {
    for (const tarball of tarballs) {
      const { status, stderr } = spawnSync('tar', ['-xf', tarball, '-C', this.path], { encoding: 'utf8' });
      if (status === 0) continue;
      this[Symbol.dispose]();
      throw new Error(`${tarball} cannot be unpacked: ${stderr}`);
    }
    // What was left out of the system is not to be left out of what is installed now.
    rmSync(join(this.path, 'etc/dpkg/dpkg.cfg.d/99mmdebstrap'), { force: true });
  }

  /** run: runs a script with the `sh -eu` that is inside. */
  run(script: string): Ended {
    writeFileSync(join(this.path, 'script'), script);
    return this.around('exec $inside sh -eu /script');
  }

  /**
   * around: runs a script with this machine's `sh -eu`, in which `$inside COMMAND` runs a program of the root file system.
   * It has namespaces of its own for mounts, processes and network, and there /proc, /sys, tracefs, bpf, cgroups and a
   * loopback device: when the script ends, however it ends, its mounts and processes are gone.
   */
  around(script: string): Ended {
    const mounts = [
      ...['proc:proc', 'sysfs:sys', 'tracefs:sys/kernel/tracing', 'bpf:sys/fs/bpf', 'cgroup2:sys/fs/cgroup'],
      ...['tmpfs:run', 'tmpfs:tmp'],
    ].map((mount) => mount.split(':') as [string, string]);
    const lines = [
      'exec 2>&1',
      'busybox ip link set lo up',
      ...mounts.map(([type, path]) => `mount -t ${type} ${type} ${join(this.path, path)}`),
      `mount --rbind /dev ${join(this.path, 'dev')}`,
      `inside="env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp chroot ${this.path}"`,
      script,
    ];
    const isolated = ['--mount', '--pid', '--net', '--fork', '--kill-child'];
    const { status, stdout } = spawnSync('unshare', [...isolated, 'sh', '-euc', lines.join('\n')], {
      encoding: 'utf8',
      timeout: 120_000,
      killSignal: 'SIGKILL',
    });
    return { status, output: stdout };
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
