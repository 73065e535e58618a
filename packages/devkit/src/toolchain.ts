import { spawnSync } from 'node:child_process';
import { RezolusError } from '@rezolus/core';

/** Toolchain: the compiler in use. */
export interface Toolchain {
  readonly clang: string;
  /** E.g. `14.0.6`. */
  readonly clangVersion: string;
}

/** The oldest has what the sources need (BTF type tags, -mcpu=v3); of several, the plain name wins. */
const candidates = ['clang', ...[19, 18, 17, 16, 15, 14].map((version) => `clang-${version}`)];

/** findToolchain: the first clang of the candidates that runs and compiles for BPF. Throws REZ_ERR_BPF_TOOLCHAIN. */
export function findToolchain(clangs: readonly string[] = candidates): Toolchain {
  for (const clang of clangs) {
    const version = spawnSync(clang, ['--version'], { encoding: 'utf8' });
    const clangVersion = /version (\d+\.\d+\.\d+)/.exec(version.stdout ?? '')?.[1];
    if (version.status !== 0 || clangVersion === undefined) continue;
    const targets = spawnSync(clang, ['--print-targets'], { encoding: 'utf8' });
    if (/^\s+bpf\s/m.test(targets.stdout)) return { clang, clangVersion };
  }
  throw new RezolusError(
    'REZ_ERR_BPF_TOOLCHAIN',
    `no clang with the BPF target found (tried ${clangs.join(', ')}): run \`npm run setup\` or \`apt-get install clang libbpf-dev\``,
  );
}
