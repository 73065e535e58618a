import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { buildTime, root, version } from './workspace.ts';

/** buildRpm: packs the tree as an RPM into the folder, with rpmbuild and rpm/rezolus.spec, and returns its path. */
export function buildRpm(tree: string, folder: string): string {
  const work = mkdtempSync(resolve(folder, '.rpm-'));
  // What would name this machine or this moment, which rpm puts into its header.
  const macros = {
    _topdir: work,
    tree: resolve(tree),
    rezolus_version: version,
    _buildhost: 'localhost',
    use_source_date_epoch_as_buildtime: '1',
    clamp_mtime_to_source_date_epoch: '1',
  };
  const defines = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  try {
    execFileSync('rpmbuild', ['-bb', '--quiet', ...defines, join(root, 'packaging/rpm/rezolus.spec')], {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(buildTime) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const made = globSync(join(work, 'RPMS/*/*.rpm'))[0]!;
    const path = resolve(folder, basename(made));
    copyFileSync(made, path);
    return path;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
