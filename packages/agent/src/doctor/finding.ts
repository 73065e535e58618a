import { type ErrorCode, errorCatalogue, type RouteDeclaration, type SamplerStatus } from '@rezolus/core';
import { reasonOf } from '../status.ts';
import type { Machine } from './machine.ts';

/**
 * Verdict: what became of a sampler: `works`; `partly` = without what this kernel does not offer; `unsupported` = this
 * machine does not have what it measures; `disabled` by the configuration; `denied` = rights are missing; `failed`.
 */
export type Verdict = 'works' | 'partly' | 'unsupported' | 'disabled' | 'denied' | 'failed';

/** Finding: one sampler: whether it works, by which route, else what is missing and what to do. */
export interface Finding {
  readonly sampler: string;
  readonly plugin: string;
  readonly verdict: Verdict;
  /** By which it measures; of one that was denied the best that it could take. */
  readonly route: string | null;
  /** What is missing and why; empty where nothing is. */
  readonly missing: string;
  /** One or two sentences; null where there is nothing to be done. */
  readonly remedy: string | null;
  readonly code: string | null;
}

const bpfCapabilities = ['CAP_BPF', 'CAP_PERFMON'];

/** shouldWork: whether a finding is one that somebody should do something about. */
export function shouldWork({ verdict }: Finding): boolean {
  return verdict === 'denied' || verdict === 'failed';
}

/** findingOf: judges the status of a sampler that was tried out on this machine. */
export function findingOf(
  status: SamplerStatus,
  routes: readonly RouteDeclaration[],
  machine: Machine,
): Finding {
  const verdict = verdictOf(status, machine);
  const missing = reasonOf(status);
  const base = { sampler: status.name, plugin: status.plugin ?? '', verdict, missing };
  return {
    ...base,
    route: status.route ?? (verdict === 'denied' ? routeWithRights(routes, machine) : null),
    remedy: remedyOf(verdict, status, routes, machine),
    code: status.code ?? null,
  };
}

function verdictOf(status: SamplerStatus, machine: Machine): Verdict {
  const { state, health } = status;
  if (state === 'active' && health === 'healthy') return 'works';
  if (state === 'active' && health === 'unsupported') return 'partly';
  if (state === 'disabled') return health === 'unsupported' ? 'unsupported' : 'disabled';
  // Who may not open an event is not told that there is no PMU for it.
  if (status.code === 'REZ_ERR_PERF_PERMISSION' && !machine.pmus.some(isCorePmu)) return 'unsupported';
  return isDenied(status) ? 'denied' : 'failed';
}

/** A PMU of a processor's cores: `cpu`, `cpu_core`, `armv8_pmuv3_0`. */
function isCorePmu(pmu: string): boolean {
  return /^(cpu|armv)/.test(pmu);
}

/** Also where a sampler runs and some of its programs were not let in. */
function isDenied({ code = '', programs = [], error = '' }: SamplerStatus): boolean {
  const errors = [error, ...programs.map((program) => program.error ?? '')];
  return (
    code.endsWith('_PERMISSION') ||
    errors.some((text) => /operation not permitted|permission denied/i.test(text))
  );
}

/** routeWithRights: the first route for which the machine has what it needs; whether it has a PMU shows only when it is tried. */
function routeWithRights(routes: readonly RouteDeclaration[], { btf_bytes }: Machine): string | null {
  return routes.find(({ needs }) => btf_bytes !== null || !needs.includes('BTF'))?.route ?? null;
}

function remedyOf(
  verdict: Verdict,
  { code }: SamplerStatus,
  routes: readonly RouteDeclaration[],
  machine: Machine,
): string | null {
  switch (verdict) {
    case 'denied':
      return remedyForRights(code === 'REZ_ERR_PERF_PERMISSION', machine);
    case 'failed':
      return errorCatalogue[code as ErrorCode] ?? 'Report it with the output of `rezolus doctor --json`.';
    case 'unsupported':
      return remedyForLack(routes, machine);
    case 'disabled':
      return code === undefined ? null : errorCatalogue[code as ErrorCode];
    default:
      return null;
  }
}

/** remedyForRights: which of the things that can refuse BPF and perf events did, nearest first. */
function remedyForRights(isPerf: boolean, machine: Machine): string {
  const { capabilities, user_namespace, lockdown, perf_event_paranoid: paranoid, seccomp } = machine;
  const lacking = bpfCapabilities.filter((name) => !capabilities.includes(name));
  if (lacking.length > 0 && !capabilities.includes('CAP_SYS_ADMIN'))
    return `Run it as root, or grant ${lacking.join(' and ')}: AmbientCapabilities= in a unit, --cap-add of a container.`;
  if (user_namespace)
    return 'Run it outside of the user namespace: the rights of its root end there, rootless containers among them.';
  if (lockdown === 'confidentiality')
    return 'Boot with lockdown=integrity: the lockdown mode "confidentiality" forbids to read kernel memory.';
  if (isPerf && paranoid !== null && paranoid > 2) return 'Set sysctl kernel.perf_event_paranoid=2.';
  if (seccomp) return 'Allow bpf(2) and perf_event_open(2) in the seccomp filter of the container or unit.';
  return 'A security module refuses it although the capabilities are there: see the audit log.';
}

function remedyForLack(routes: readonly RouteDeclaration[], { btf_bytes }: Machine): string | null {
  const needs = [...new Set(routes.map((route) => route.needs))];
  if (needs.length === 0) return null;
  const btf =
    btf_bytes === null && needs.every((need) => need.includes('BTF'))
      ? ' Boot a kernel with CONFIG_DEBUG_INFO_BTF=y.'
      : '';
  return `Needs ${needs.join('. Or: ')}.${btf}`;
}
