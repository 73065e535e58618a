import { existsSync, globSync, realpathSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { RezolusError } from '@rezolus/core';

/** BpfSource: one `bpf/<name>.bpf.c` of a package and the files generated from it; paths relative to `folder`. */
export interface BpfSource {
  /** Absolute path of the package. */
  readonly folder: string;
  readonly name: string;
  readonly source: string;
  readonly object: string;
  readonly bindings: string;
}

/**
 * findSources: the BPF sources of the packages in `folders`; without folders those of `cwd` if it is a package with
 * BPF sources, else those of its `packages/*` and `examples/*`. Throws REZ_ERR_BPF_TOOLCHAIN for a folder that does not exist.
 */
export function findSources(folders: readonly string[], cwd = process.cwd()): BpfSource[] {
  const own = sourcesOf(resolve(cwd));
  if (folders.length === 0 && own.length > 0) return own;
  const packages = folders.length > 0 ? folders : globSync('{packages,examples}/*', { cwd }).sort();
  return packages.flatMap((folder) => sourcesOf(resolve(cwd, folder)));
}

function sourcesOf(path: string): BpfSource[] {
  if (!existsSync(path)) throw new RezolusError('REZ_ERR_BPF_TOOLCHAIN', `${path} does not exist`);
  if (!statSync(path).isDirectory()) return [];
  // Without links, so that paths relative to it hold for the compiler too.
  const folder = realpathSync(path);
  return globSync('bpf/*.bpf.c', { cwd: folder })
    .sort()
    .map((source) => {
      const name = basename(source, '.bpf.c');
      return {
        folder,
        name,
        source,
        object: join('bpf', `${name}.bpf.o`),
        bindings: join('src', 'gen', `${name}.bpf.ts`),
      };
    });
}

/** title: a source as it is called in messages: its path from here. */
export function title(source: BpfSource): string {
  return join(relative(process.cwd(), source.folder), source.source);
}
