import { readFileSync } from 'node:fs';
import {
  type BpfObject,
  type BpfObjectSpec,
  type Member,
  type ProgramStatus,
  RezolusError,
  UnsupportedError,
} from '@rezolus/core';

const pidLimit = 4_194_304;

/** pidCapacity: how many entries a map keyed by thread id needs: kernel.pid_max. */
export function pidCapacity(path = '/proc/sys/kernel/pid_max'): number {
  const max = Number(readFileSync(path, 'utf8'));
  return Number.isInteger(max) && max > 0 && max <= pidLimit ? max : pidLimit;
}

/** cpuMembers: one member per possible CPU, labelled with its id. */
export function cpuMembers(possibleCpus: number): Member[] {
  return Array.from({ length: possibleCpus }, (_, id) => ({ id, labels: { id: String(id) } }));
}

/**
 * tracepoints: picks one program of each REZ_TRACEPOINT pair: `<name>_btf` where the kernel has BTF, else
 * `<name>_raw`; the other one, and both of a hook that is not wanted, are left out of the load. Returns what to attach.
 */
export function tracepoints(
  object: BpfObject,
  spec: BpfObjectSpec,
  kernelBtf: boolean,
  wanted: Readonly<Record<string, boolean>>,
): string[] {
  const chosen: string[] = [];
  for (const [hook, isWanted] of Object.entries(wanted)) {
    for (const suffix of ['btf', 'raw']) {
      const program = `${hook}_${suffix}`;
      if (isWanted && (suffix === 'btf') === kernelBtf) chosen.push(program);
      else if (program in spec.programs) object.disable(program);
    }
  }
  return chosen;
}

/** routeOf: what programs hook, as a text; the hook by which series of removed cgroups end is no part of the route. */
export function routeOf(programs: readonly ProgramStatus[]): string {
  return programs
    .filter(({ name }) => !name.startsWith('cgroup_rmdir_'))
    .map(({ name, label = name }) => label)
    .join(', ');
}

/**
 * requireAttached: for samplers that are nothing without all of their hooks. Throws for the first program that is not
 * attached: UnsupportedError where the kernel does not offer its hook, else REZ_ERR_BPF_ATTACH.
 */
export function requireAttached(programs: readonly ProgramStatus[]): void {
  const failed = programs.find(({ attached }) => !attached);
  if (failed === undefined) return;
  const { name, label = name, error = `${name} is not attached`, verdict } = failed;
  throw verdict === 'unsupported'
    ? new UnsupportedError(label, error, { code: 'REZ_ERR_BPF_UNSUPPORTED' })
    : new RezolusError('REZ_ERR_BPF_ATTACH', error);
}
