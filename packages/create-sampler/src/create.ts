import { spawnSync } from 'node:child_process';
import { relative, resolve } from 'node:path';
import { RezolusError } from '@rezolus/core/errors';
import { scaffold, type Template } from './scaffold.ts';

/** Steps: what to do with the package once it is written: everything, or nothing. */
export type Steps = 'all' | 'none';

const steps = [
  ['install', 'install the packages that it is built with'],
  ['run build', 'build it'],
  ['test', 'run its tests against this machine'],
  ['run show', 'show what it measures'],
] as const;

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
  if (wanted === 'none') {
    log(`next: cd ${relative(process.cwd(), path)}, then ${steps.map(([step]) => `npm ${step}`).join(', ')}`);
    return;
  }
  for (const [step, purpose] of steps) {
    log(`\n== npm ${step}: ${purpose}`);
    const { status, error } = spawnSync('npm', step.split(' '), { cwd: path, stdio: 'inherit' });
    if (status !== 0)
      throw new RezolusError('REZ_ERR_SCAFFOLD', `npm ${step} failed in ${path}`, { cause: error });
  }
}
