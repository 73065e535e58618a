import { type Logger, sentence } from '@rezolus/core';
import type { Capability } from '@rezolus/libbpf';
import type { AgentStatus } from './status.ts';

/** What samplers need after their start, beyond file descriptors that are open by then. */
const needs: Readonly<
  Record<string, { readonly effective?: readonly Capability[]; readonly permitted?: readonly Capability[] }>
> = {
  // Commands to drives; they run on the thread pool, where nothing is raised.
  drivehealth: { effective: ['CAP_SYS_ADMIN', 'CAP_SYS_RAWIO'] },
  // The kernel's statistics of BPF programs are switched on for a moment of each interval.
  rezolus_overhead: { permitted: ['CAP_SYS_ADMIN'] },
};

/**
 * dropPrivileges: gives up what the running samplers do not need, after they were attached. Effective stays
 * CAP_DAC_READ_SEARCH, for the names of cgroups; raised for a moment are CAP_BPF and CAP_PERFMON, for samplers that a
 * reload starts and CPUs that come online, and what starts a plugin's process as another user. A sampler that needs more
 * and is switched on later needs a restart. Where it fails, that is logged: the agent then has what it was given.
 */
export async function dropPrivileges({ samplers }: AgentStatus, log: Logger): Promise<void> {
  const running = samplers.filter(({ state }) => state === 'active').map(({ name }) => needs[name] ?? {});
  try {
    const { keepCapabilities } = await import('@rezolus/libbpf');
    const capabilities = await keepCapabilities({
      effective: ['CAP_DAC_READ_SEARCH', ...running.flatMap(({ effective = [] }) => effective)],
      permitted: [
        ...(['CAP_BPF', 'CAP_PERFMON', 'CAP_SETUID', 'CAP_SETGID', 'CAP_KILL'] as const),
        ...running.flatMap(({ permitted = [] }) => permitted),
      ],
    });
    log.info({ capabilities }, 'gave up all other capabilities');
  } catch (error) {
    log.warn({}, `privileges are as they were: ${sentence(error)}`);
  }
}
