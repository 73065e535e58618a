import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { architecture, buildTime, root, version } from './workspace.ts';

/** What Node, koffi and libbpf are linked with; versions are those of Debian 12, older ones have no libbpf 1. */
const depends = ['adduser', 'libbpf1', 'libc6 (>= 2.28)', 'libgcc-s1', 'libstdc++6 (>= 9)'];

/**
 * buildDeb: packs the tree as a Debian package into the folder, with dpkg-deb, and returns its path. The epoch lets it
 * replace the original's package of this name, whose version numbers are higher. See deb-control(5).
 */
export function buildDeb(tree: string, folder: string): string {
  const path = resolve(folder, `rezolus_${version}_${architecture}.deb`);
  const work = mkdtempSync(resolve(folder, '.deb-'));
  try {
    cpSync(tree, work, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    chmodSync(work, 0o755);
    writeControl(work);
    execFileSync('dpkg-deb', ['--root-owner-group', '-Zzstd', '-z12', '--build', work, path], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(buildTime) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return path;
}

function writeControl(work: string): void {
  const files = globSync('**/*', { cwd: work, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(work.length + 1))
    .sort();
  const bytes = files.reduce((sum, path) => sum + statSync(join(work, path)).size, 0);
  const control = [
    'Package: rezolus',
    `Version: 1:${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: Rezolus maintainers <rezolus@localhost>',
    'Section: admin',
    'Priority: optional',
    `Installed-Size: ${Math.ceil(bytes / 1024)}`,
    `Depends: ${depends.join(', ')}`,
    'Homepage: https://rezolus.com',
    'Description: high-resolution performance telemetry',
    ' Measures CPU, scheduler, block devices, network, TCP, memory and system calls with',
    ' eBPF, serves the numbers over HTTP, records them to Parquet, exports them to',
    ' Prometheus and shows them in the browser. Brings its own Node.js.',
  ];
  const etc = files.filter((path) => path.startsWith('etc/'));
  const sums = files
    .filter((path) => !path.startsWith('etc/'))
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(join(work, path)))
          .digest('hex')}  ${path}`,
    );
  const debian = join(work, 'DEBIAN');
  mkdirSync(debian, { mode: 0o755 });
  const put = (name: string, lines: readonly string[]) =>
    writeFileSync(join(debian, name), `${lines.join('\n')}\n`, { mode: 0o644 });
  put('control', control);
  put(
    'conffiles',
    etc.map((path) => `/${path}`),
  );
  put('md5sums', sums);
  for (const script of ['postinst', 'prerm', 'postrm']) {
    cpSync(join(root, 'packaging/deb', script), join(debian, script));
    chmodSync(join(debian, script), 0o755);
  }
}
