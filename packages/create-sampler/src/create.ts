import { spawnSync } from 'node:child_process';
import { relative, resolve } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import { scaffold, type Template } from './scaffold.ts';

/** Steps: what to do with the package once it is written: everything, or nothing. */
export type Steps = 'all' | 'none';

interface Step {
  /** Words after `npm`. */
  readonly npm: string;
  readonly purpose: string;
  /** It loads what runs in the kernel. */
  readonly runs?: boolean;
}

const all: readonly Step[] = [
  { npm: 'install', purpose: 'install the packages that it is built with' },
  { npm: 'run build', purpose: 'build it' },
  { npm: 'test', purpose: 'run its tests against this machine', runs: true },
  { npm: 'run show', purpose: 'show what it measures', runs: true },
];

const oldest = 24;

/**
 * createSampler: writes the package of a sampler into `folder` and then installs, builds and tests it and shows its
 * values, with npm's output as it comes. Throws REZ_ERR_SCAFFOLD where a step fails; what was written stays.
 */
export function createSampler(
  folder: string,
  template: Template,
  wanted: Steps,
  log: (line: string) => void,
): void {
  if (Number.parseInt(process.versions.node, 10) < oldest)
    throw new RezolusError('REZ_ERR_SCAFFOLD', `Node ${oldest} is needed, this is ${process.versions.node}`);
  const path = resolve(folder);
  const files = scaffold(path, template);
  log(`${path}: ${files.length} files`);
  const isAllowed = template !== 'bpf' || process.getuid?.() === 0;
  const steps = wanted === 'none' ? [] : all.filter(({ runs = false }) => isAllowed || !runs);
  for (const { npm, purpose } of steps) {
    log(`\n== npm ${npm}: ${purpose}`);
    const { status, error } = spawnSync('npm', npm.split(' '), { cwd: path, stdio: 'inherit' });
    if (status !== 0)
      throw new RezolusError('REZ_ERR_SCAFFOLD', `npm ${npm} failed in ${path}`, { cause: error });
  }
  const left = all.filter((step) => !steps.includes(step)).map(({ npm }) => `npm ${npm}`);
  if (left.length === 0) return;
  const asRoot = wanted === 'all' ? ', as root' : '';
  log(`next${asRoot}: cd ${relative(process.cwd(), path)}, then ${left.join(', ')}`);
}
