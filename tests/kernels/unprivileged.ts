/** What samplers can do for a user who is not root. */
import type { SamplerDefinition } from '@rezolus/core';
import { Harness } from '@rezolus/devkit';
import { confine } from '@rezolus/libbpf';
import type { UnprivilegedReport } from './report.ts';

const nobody = 65534;

/**
 * unprivileged: every sampler as a user with CAP_BPF and CAP_PERFMON and nothing else. This process is that user from
 * then on.
 */
export async function unprivileged(
  plugins: readonly (readonly SamplerDefinition[])[],
): Promise<UnprivilegedReport[]> {
  confine({ uid: nobody, processes: 1000, files: 1000 });
  const reports: UnprivilegedReport[] = [];
  for (const definitions of plugins) {
    const began = performance.now();
    await using harness = await Harness.start(definitions);
    const ms = Math.round(performance.now() - began);
    for (const { name } of definitions) {
      const { state, health, route, error, programs = [], missing = [] } = harness.status(name);
      const said = [error, ...programs.map((program) => program.error), ...missing].filter(
        (text) => text !== undefined,
      );
      reports.push({
        kind: 'unprivileged',
        sampler: name,
        state,
        health: health ?? null,
        route: route ?? null,
        said,
        ms,
      });
    }
  }
  return reports;
}
