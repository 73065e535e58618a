import { ABI, type SampledGroup, type SamplerDefinition } from '@rezolus/core';
import type { Protocol } from './stream.ts';

/** externalName: the sampler whose section is `[external_metrics]`. */
export const externalName = 'external';

/** ExternalSection: `[external_metrics]` after validation; the keys are the original's. */
export interface ExternalSection {
  readonly enabled: boolean;
  readonly socket_path: string;
  /** Permissions of the socket, of which only w counts. */
  readonly socket_mode: number;
  /** Empty = the group of the agent. */
  readonly socket_group: string;
  readonly protocol: Protocol;
  /** ms */
  readonly metric_ttl: number;
  readonly max_connections: number;
  readonly max_metrics: number;
  readonly max_metrics_per_connection: number;
}

/** Of all series together: with names and labels of usual length some 100,000. */
const maxBytes = 32 * 2 ** 20;

/**
 * externalMetrics: the sampler of what other programs of this machine push (docs/external-metrics.md). Its options are
 * {@link ExternalSection}; `isTaken` tells the names that are a sampler's. Its groups carry the original's metadata, without
 * a label `sampler`. Starting throws REZ_ERR_LISTEN.
 */
export function externalMetrics(isTaken: (metric: string) => boolean): SamplerDefinition {
  return {
    name: externalName,
    abi: ABI,
    description: 'What other programs of this machine push to a unix socket',
    groups: [],
    async create({ options, clock, log }) {
      const section = options as unknown as ExternalSection;
      // Only here: most agents have no use for it.
      const { MetricStore } = await import('./store.ts');
      const { PushServer } = await import('./server.ts');
      const store = new MetricStore(
        {
          ttlMs: section.metric_ttl,
          maxMetrics: section.max_metrics,
          maxMetricsPerConnection: section.max_metrics_per_connection,
          maxBytes,
        },
        isTaken,
        () => Number(clock.monotonicNs() / 1_000_000n),
      );
      const server = await PushServer.listen({
        path: section.socket_path,
        mode: section.socket_mode,
        group: section.socket_group,
        protocol: section.protocol,
        maxConnections: section.max_connections,
        idleMs: section.metric_ttl,
        store,
        log,
      });
      let groups: SampledGroup[] = [];
      return {
        get groups() {
          return groups;
        },
        refresh() {
          store.expire();
          groups = [store.group()];
        },
        report: () => ({ route: `unix:${section.socket_path}`, drops: server.drops }),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
  };
}
